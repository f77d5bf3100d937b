// Where cluster addresses and node ports come from when nothing else is said.

import type { ServiceRanges } from './allocation.ts';

export const defaultRanges: ServiceRanges = { addresses: ['10.96.0.0/16'], firstPort: 30_000, lastPort: 32_767 };
