// The scheduler's answers for those who ask why: about pods that wait, pods that were placed, and pods that would have to move.

import type { Random } from '../base/random.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { Placement, Remedy } from '../kinds/why/explanation.ts';
import { decide } from './decide.ts';
import type { Decisions } from './decisions.ts';
import { explainPlaced, explainWaiting } from './explain.ts';
import type { Plugin } from './plugin.ts';
import { type PodInfo, podInfoOf, uidOf } from './pod-info.ts';
import { copyOf, remediesFor } from './remedies.ts';
import type { Snapshot } from './snapshot.ts';

export interface AnswerTools {
  readonly snapshot: Snapshot;
  readonly decisions: Decisions;
  readonly random: Random;
  readonly schedulerNames: readonly string[];
  /** Those of the pod's profile. */
  readonly pluginsFor: (pod: PodInfo) => readonly Plugin[];
}

export const schedulerAnswers = ({ snapshot, decisions, random, schedulerNames, pluginsFor }: AnswerTools) => ({
  /** Whether it takes care of pods with this schedulerName. */
  cares: (name: string): boolean => schedulerNames.includes(name),
  /** Where a pod without a node could run. */
  waiting(pod: Pod): Placement {
    const info = podInfoOf(pod);
    return explainWaiting(snapshot, info, { plugins: pluginsFor(info), decision: decisions.of(info.uid) });
  },
  remedies(pod: Pod): readonly Remedy[] {
    const info = podInfoOf(pod);
    return remediesFor(snapshot, info, pluginsFor(info));
  },
  /** How the nodes compared when it was placed; undefined once that is forgotten. */
  placed(pod: Pod): Placement | undefined {
    const decision = decisions.of(uidOf(pod));
    return decision?.node === undefined ? undefined : explainPlaced(snapshot, decision);
  },
  /** Where successors of a node's pods would go if they went one by one, in the order of the pods. */
  successors(node: string, pods: readonly Pod[]): readonly (string | undefined)[] {
    const copy = copyOf(snapshot);
    copy.removeNode(node);
    return pods.map((pod) => {
      copy.remove(uidOf(pod));
      const successor = podInfoOf(unplaced(pod));
      const { node: found } = decide(copy, successor, {
        random: random.fork('what if'),
        plugins: pluginsFor(successor),
      });
      if (found !== undefined) copy.place(successor, found);
      return found;
    });
  },
});

/** The pod as its controller would make it anew. */
function unplaced(pod: Pod): Pod {
  const { nodeName: _, ...spec } = pod.spec ?? { containers: [] };
  return { ...pod, spec };
}
