// The kinds whose writes take from a common stock, and from which one.

import { type Kind, resourceKey } from '../../api/kind.ts';
import { serviceAllocation } from './allocation.ts';
import type { WriteHook } from './hook.ts';

export type WriteHooks = (kind: Kind) => WriteHook | undefined;

export function createWriteHooks(): WriteHooks {
  const hooks: Readonly<Record<string, WriteHook>> = { services: serviceAllocation() };
  return (kind) => hooks[resourceKey(kind)];
}
