// Real chance, for the seed of a cluster that is not a replay.

import { randomBytes } from 'node:crypto';

export const randomSeed = (): string => randomBytes(16).toString('hex');
