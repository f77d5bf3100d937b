// The kinds whose writes take from a common stock, and from which one.

import { type Kind, resourceKey } from '../../api/kind.ts';
import { serviceAllocation, type ServiceRanges } from './allocation.ts';
import { defaultRanges } from './default-ranges.ts';
import type { WriteHook } from './hook.ts';

export type WriteHooks = (kind: Kind) => WriteHook | undefined;

export function createWriteHooks(ranges: ServiceRanges = defaultRanges): WriteHooks {
  const hooks: Readonly<Record<string, WriteHook>> = { services: serviceAllocation(ranges) };
  return (kind) => hooks[resourceKey(kind)];
}
