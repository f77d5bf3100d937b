// What a scheduling plugin is: it may refuse nodes, like some better than others, and say which events could change its mind.

import type { Random } from '../base/random.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import type { Wakes } from './events.ts';
import type { ClusterView } from './view.ts';

/** Why a node, or all of them, cannot have the pod. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** Evicting pods would not help. */
  readonly unresolvable: boolean;
}

/** A refusal that evicting other pods could lift. */
export const refused = (...reasons: string[]): Refusal => ({ reasons, unresolvable: false });

/** A refusal that no eviction lifts. */
export const impossible = (...reasons: string[]): Refusal => ({ reasons, unresolvable: true });

/** A filter made ready for one pod. */
export interface NodeFilter {
  check(node: NodeInfo): Refusal | undefined;
  /** Only these nodes need to be looked at. */
  readonly only?: ReadonlySet<string>;
  /** Reckons as if a pod had come to a node (1) or left it (-1). */
  shift?(pod: PodInfo, node: NodeInfo, by: 1 | -1): void;
}

/** A score made ready for one pod and the nodes that can have it. */
export interface NodeScorer {
  /** A whole number, within 0 and 100 after `normalize`. */
  score(node: NodeInfo): number;
  /** Changes the scores, which stand in the order of the nodes, into 0 to 100. */
  normalize?(scores: number[]): void;
}

/** What a failed search for a node knows, for plugins that try to help. */
export interface FailedSearch {
  readonly pod: PodInfo;
  readonly snapshot: Snapshot;
  readonly random: Random;
  /** Why nodes were refused; `absent` holds for nodes that were not looked at. */
  readonly refusals: ReadonlyMap<string, Refusal>;
  readonly absent: Refusal | undefined;
  /** The search ended before any node was looked at. */
  readonly refusedEverywhere: boolean;
  /** Asks all filters about a node as it would be. */
  check(node: NodeInfo): Refusal | undefined;
  shift(pod: PodInfo, node: NodeInfo, by: 1 | -1): void;
}

/** What a plugin did about a failed search. */
export interface Remedy {
  /** Added to the message when nothing helped. */
  readonly message?: string;
  /** Stops the others from trying. */
  readonly final?: boolean;
  /** Evicting these pods makes room on this node. */
  readonly preemption?: Preemption;
  /** A node it was promised is not its any more. */
  readonly withdrawsPromise?: boolean;
}

export interface Preemption {
  readonly node: string;
  readonly victims: readonly PodInfo[];
}

export interface Plugin {
  /** Kubernetes' name of it. */
  readonly name: string;
  /** What its score counts. */
  readonly weight?: number;
  /** A reason to keep the pod out of the queue. */
  gate?(pod: Pod, view: ClusterView): string | undefined;
  /** A filter for this pod; undefined when it could not refuse any node; a refusal when it refuses all. */
  filter?(pod: PodInfo, snapshot: Snapshot): NodeFilter | Refusal | undefined;
  remedy?(search: FailedSearch): Remedy;
  /** A score for this pod; undefined when it would not tell nodes apart. */
  score?(pod: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]): NodeScorer | undefined;
  /** The events after which a pod this plugin refused is worth another try. */
  readonly wakes?: Wakes;
}

/** Scores brought to 0 to 100, the highest to 100. */
export function toHundred(scores: number[]): void {
  let most = 0;
  for (const score of scores) if (score > most) most = score;
  if (most === 0) return;
  for (let i = 0; i < scores.length; i++) scores[i] = Math.floor((100 * (scores[i] ?? 0)) / most);
}

/** The same, the lowest to 100. */
export function toHundredReversed(scores: number[]): void {
  toHundred(scores);
  for (let i = 0; i < scores.length; i++) scores[i] = 100 - (scores[i] ?? 0);
}
