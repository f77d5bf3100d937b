// Loads the texts of `kubectl explain` from the file that was made when Portolan was installed, when they are first asked for.

import { existsSync, readFileSync } from 'node:fs';
import { type Describe, describeFrom } from '../kinds/descriptions.ts';

const table = new URL('../kinds/generated/descriptions.json', import.meta.url);

/** Without the file there are no texts; everything else works. */
export const descriptions: Describe = describeFrom(() => (existsSync(table) ? readFileSync(table, 'utf8') : '{}'));
