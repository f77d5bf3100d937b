// What a check of the Pod Security Standards is, and what checks have in common.

import type { ObjectMeta } from '../../../api/object.ts';
import type { Container, EphemeralContainer, PodSpec } from '../../../kinds/generated/types/core-v1.ts';

/** A pod, or the pod a template will make. */
export interface CheckedPod {
  readonly metadata: Pick<ObjectMeta, 'annotations'>;
  readonly spec: PodSpec;
}

export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export interface Rule {
  /** The minor version of Kubernetes from which on the rule holds, until a newer one of the same check. */
  readonly since: number;
  /** Checks of the level below that need not be made beside this one. */
  readonly overrides?: readonly string[];
  /** What the pod does that it must not; undefined: nothing. */
  violation(pod: CheckedPod): Violation | undefined;
}

export interface Check {
  /** Upstream's name of it, which decides the order of messages. */
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  readonly rules: readonly Rule[];
}

type AnyContainer = Container | EphemeralContainer;

/** In the order in which messages name them. */
export const containersOf = ({ spec }: CheckedPod): readonly AnyContainer[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

/** The names of the containers of which it is true. */
export const namesOf = (pod: CheckedPod, bad: (container: AnyContainer) => boolean): string[] =>
  containersOf(pod)
    .filter(bad)
    .map(({ name }) => name);

export const isWindows = ({ spec }: CheckedPod): boolean => spec.os?.name === 'windows';

/** The pod has users of its own, so that root in it is nobody outside. */
export const hasOwnUsers = ({ spec }: CheckedPod): boolean => spec.hostUsers === false;

/** `"a", "b"`, as it stands. */
export const quotedList = (names: readonly string[]): string => `"${names.join('", "')}"`;

/** `container "a"`, `containers "a", "b"`. */
export const countedList = (word: string, names: readonly string[]): string =>
  `${plural(word, names)} ${quotedList(names)}`;

export const plural = (word: string, of: readonly unknown[]): string => (of.length === 1 ? word : `${word}s`);

/** Each once, ordered. */
export const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();

/** `pod and container "a"`: whoever says what must not be said. */
export const setters = (podItself: boolean, containers: readonly string[]): string[] => [
  ...(podItself ? ['pod'] : []),
  ...(containers.length > 0 ? [countedList('container', containers)] : []),
];
