// DaemonSets: one pod on every node that fits, replaced node by node when the template changes.

import { seconds } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import { selectorOf } from '../base/selectors.ts';
import type { ApiError } from '../api/status.ts';
import { referenceTo } from '../client/client.ts';
import { ControllerRevision } from '../kinds/apps/controller-revision.ts';
import { DaemonSet } from '../kinds/apps/daemon-set.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { allAtOnce, isNamespaceTerminating, restFor, slowStart, told } from './batches.ts';
import { claimRevisions, currentRevision } from './history.ts';
import { claimable, couldAdopt, planClaim, settleClaim } from './ownership.ts';
import { isActive } from '../kinds/core/pod-facts.ts';
import { podFromTemplate } from './pods.ts';
import { podTemplateHash } from './pod-template-hash.ts';
import { resultOf } from './replicas.ts';
import { writeStatus } from './statuses.ts';
import { boundTo, daemonTolerations, nodeOf, placementOn } from './daemonset/placement.ts';
import { type DaemonSetPlan, daemonSetStatus, planDaemonSet, planRollout, revisionLabel } from './daemonset/plan.ts';

/** Pods made or deleted at one look. */
const burst = 250;
const templateGeneration = 'deprecated.daemonset.template.generation';
const firstBackoff = seconds(1);
const longestBackoff = seconds(900);

const selects = (set: DaemonSet) => selectorOf(set.spec.selector, 'nothing');

/** What of a node decides about daemon pods. */
const decisive = ({ metadata, spec }: Node) => [metadata.labels, spec?.taints];

export function daemonSetController(): Controller {
  const failures = failureBackoff();

  return defineController<DaemonSet>({
    name: 'daemonset-controller',
    for: DaemonSet,
    owns: [Pod, ControllerRevision],
    watches: [
      watching(Pod, (pod, _previous, { lister }) =>
        couldAdopt(pod, lister(DaemonSet).list(pod.metadata.namespace), selects),
      ),
      watching(Node, (node, previous, { lister }) => {
        const name = node.metadata.name ?? '';
        // A node that is gone wakes nobody, as upstream: its pods do when they are collected.
        if (!lister(Node).get(name)) return [];
        if (previous && deepEqual(decisive(node), decisive(previous))) return [];
        // A node that only may not get new pods any more changes nothing for the pod it has.
        const concerned = (set: DaemonSet) => {
          const { run, stay } = placementOn(set, node);
          const served =
            previous !== undefined &&
            lister(Pod)
              .ownedBy(set)
              .some((pod) => nodeOf(pod) === name);
          return served ? !stay : run;
        };
        return lister(DaemonSet).list().filter(concerned).map(referenceTo);
      }),
    ],

    rest: ({ status }) => restFor(status?.currentNumberScheduled),

    async reconcile(set, context) {
      const { clock, lister } = context;
      if (selects(set).requirements.length === 0) {
        const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
        context.event(set, { type: 'Warning', reason: 'SelectingAll', message });
        return;
      }
      if (set.metadata.deletionTimestamp) return;
      const revisions = await claimRevisions(context, DaemonSet, set);
      const hash = podTemplateHash(set.spec.template, set.status?.collisionCount);
      const labels = { ...set.spec.template.metadata?.labels, [revisionLabel]: hash };
      const { revision, collided } = await currentRevision(context, set, revisions, { hash, labels });
      if (collided) {
        const counted = { ...noPods, ...set.status, collisionCount: (set.status?.collisionCount ?? 0) + 1 };
        return resultOf<DaemonSet>(counted, undefined);
      }
      const current = revision.metadata.labels?.[revisionLabel] ?? hash;
      const view = {
        set,
        nodes: lister(Node).list(),
        pods: await claimPods(set, context),
        hash: current,
        now: clock.now(),
      };

      const { plan, after } = failures.held(set, planDaemonSet(view), clock.now());
      tellEnded(set, plan.ended, context);
      let error = await carryOut(set, plan, current, context);
      if (!error && set.spec.updateStrategy?.type !== 'OnDelete') {
        const rollout = planRollout({ ...view, pods: lister(Pod).ownedBy(set) });
        error = await carryOut(set, rollout, current, context);
      }
      const pods = lister(Pod).ownedBy(set);
      const status = daemonSetStatus({ ...view, pods });
      if (error) {
        await writeStatus(context, DaemonSet, set, status);
        throw error;
      }
      const old = revisions.filter(({ metadata }) => metadata.name !== revision.metadata.name);
      for (const surplus of surplusOf(old, pods, set.spec.revisionHistoryLimit ?? 10))
        await context.delete(ControllerRevision, surplus);
      const ripening = (set.spec.minReadySeconds ?? 0) > 0 && status.numberReady !== (status.numberAvailable ?? 0);
      return resultOf<DaemonSet>(status, ripening ? seconds(set.spec.minReadySeconds ?? 0) : after);
    },

    async gone(key) {
      failures.forget(`${key.namespace}/${key.name}/`);
    },
  });
}

/** The oldest of the old revisions that no pod is of, as many as there are too many old ones: those in use count, too. */
function surplusOf(old: readonly ControllerRevision[], pods: readonly Pod[], limit: number): ControllerRevision[] {
  const inUse = new Set(pods.map(({ metadata }) => metadata.labels?.[revisionLabel]));
  const unused = old.filter(({ metadata }) => !inUse.has(metadata.labels?.[revisionLabel]));
  return unused.slice(0, Math.max(0, old.length - limit));
}

const noPods = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

async function claimPods(set: DaemonSet, context: Context): Promise<readonly Pod[]> {
  const { controlled, orphans } = claimable(context.lister(Pod), set);
  const claim = planClaim(set, { controlled, orphans: orphans.filter(isActive) }, (pod) =>
    selects(set).matches(pod.metadata.labels),
  );
  return settleClaim(context, { ownerKind: DaemonSet, owner: set, kind: Pod }, claim);
}

function tellEnded(set: DaemonSet, ended: readonly Pod[], context: Context): void {
  for (const pod of ended) {
    const where = `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${nodeOf(pod)}`;
    if (pod.status?.phase === 'Failed')
      context.event(set, {
        type: 'Warning',
        reason: 'FailedDaemonPod',
        message: `Found failed ${where}, will try to kill it`,
      });
    else
      context.event(set, { reason: 'SucceededDaemonPod', message: `Found succeeded ${where}, will try to delete it` });
  }
}

async function carryOut(
  set: DaemonSet,
  { create, remove }: Pick<DaemonSetPlan, 'create' | 'remove'>,
  hash: string,
  context: Context,
): Promise<ApiError | undefined> {
  const event = (text: Parameters<Context['event']>[1]) => context.event(set, text);
  const created = await slowStart(Math.min(create.length, burst), (i) =>
    told(event, { verb: 'create' }, () => context.create(Pod, daemonPod(set, create[i] ?? '', hash), set)),
  );
  const going = remove.slice(0, burst);
  const removed = await allAtOnce(going.length, (i) => {
    const pod = going[i] as Pod;
    return told(event, { verb: 'delete', name: pod.metadata.name ?? '' }, () => context.delete(Pod, pod));
  });
  return created.error && !isNamespaceTerminating(created.error) ? created.error : removed.error;
}

function daemonPod(set: DaemonSet, node: string, hash: string): Pod {
  const { name = '', namespace = '', annotations, generation = 0 } = set.metadata;
  const pod = podFromTemplate(set.spec.template, { name, namespace });
  const labels = {
    ...pod.metadata.labels,
    [revisionLabel]: hash,
    'pod-template-generation': annotations?.[templateGeneration] ?? String(generation),
  };
  const spec = boundTo(node, { ...pod.spec, tolerations: daemonTolerations(pod.spec) });
  return { ...pod, metadata: { ...pod.metadata, labels }, spec };
}

/** Failed pods of a node are deleted at once the first time, then with growing patience. */
function failureBackoff() {
  const known = new Map<string, { delay: number; at: number }>();

  /** How long the pod has to stay; 0 when it may go, which is then counted. */
  function wait(key: string, now: number): number {
    const last = known.get(key);
    if (last && now < last.at + last.delay) return last.at + last.delay - now;
    const rested = !last || now - last.at > 2 * longestBackoff;
    known.set(key, { delay: rested ? firstBackoff : Math.min(longestBackoff, last.delay * 2), at: now });
    return 0;
  }

  return {
    /** The plan without the failed pods that have to stay for now, and when to look again. */
    held(set: DaemonSet, plan: DaemonSetPlan, now: number): { plan: DaemonSetPlan; after: number | undefined } {
      const held = new Map<Pod, number>();
      for (const pod of plan.ended) {
        if (pod.status?.phase !== 'Failed') continue;
        const left = wait(`${set.metadata.namespace}/${set.metadata.name}/${nodeOf(pod)}`, now);
        if (left > 0) held.set(pod, left);
      }
      if (held.size === 0) return { plan, after: undefined };
      const goes = (pod: Pod) => !held.has(pod);
      return {
        plan: { ...plan, remove: plan.remove.filter(goes), ended: plan.ended.filter(goes) },
        after: Math.min(...held.values()),
      };
    },
    forget(prefix: string): void {
      for (const key of known.keys()) if (key.startsWith(prefix)) known.delete(key);
    },
  };
}
