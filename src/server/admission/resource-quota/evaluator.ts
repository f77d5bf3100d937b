// What a quota may count about one kind of object, and how much of it an object uses.

import type { Instant } from '../../../base/clock.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ScopedResourceSelectorRequirement } from '../../../kinds/generated/types/core-v1.ts';
import type { Amounts } from '../amounts.ts';

export interface Evaluator<T extends KubeObject = KubeObject> {
  /** Whether such a write can change how much is used. Creations always can. */
  handlesUpdates: 'never' | 'always' | 'resize';
  /** Whether a quota's resource of this name is counted over these objects. */
  counts(name: string): boolean;
  usage(object: T, now: Instant): Amounts;
  /** Whether a quota with this scope is about the object. Left out: no scope is. */
  isInScope?(object: T, scope: ScopedResourceSelectorRequirement): boolean;
  /** What the object leaves unsaid although a quota counts it, in upstream's words. */
  unsaid?(object: T, counted: readonly string[]): string | undefined;
}

/** Forgets the type of the objects, for the table of all evaluators. */
export const evaluator = <T extends KubeObject>(of: Evaluator<T>): Evaluator => of as unknown as Evaluator;
