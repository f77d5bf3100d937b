// The whole decision of one look at a DaemonSet: on which nodes to make a pod, which pods to delete, and the status.

import type { Instant } from '../../base/clock.ts';
import { scaledValue } from '../../base/int-or-string.ts';
import type { DaemonSet } from '../../kinds/apps/daemon-set.ts';
import type { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { DaemonSetStatus } from '../../kinds/generated/types/apps-v1.ts';
import { isBeingDeleted, isFinished, isReady } from '../../kinds/core/pod-facts.ts';
import { isAvailable } from '../pods.ts';
import { compact } from '../statuses.ts';
import { nodeOf, placementOn } from './placement.ts';

export interface DaemonSetView {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Of the template as it is now. */
  readonly hash: string;
  readonly now: Instant;
}

export interface DaemonSetPlan {
  /** Names of nodes. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Pods among those to remove that ended by themselves. */
  readonly ended: readonly Pod[];
}

export const revisionLabel = 'controller-revision-hash';

interface Site {
  readonly node: string;
  readonly run: boolean;
  readonly stay: boolean;
  /** Oldest first; those with a node before those without. */
  readonly pods: readonly Pod[];
}

/** Every node with its pods; and the pods meant for nodes that are no more. */
function sitesOf({ set, nodes, pods }: DaemonSetView): { sites: Site[]; homeless: Pod[] } {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    // One that ended and is on its way out is nobody's concern any more.
    if (isFinished(pod) && isBeingDeleted(pod)) continue;
    const node = nodeOf(pod);
    const there = byNode.get(node);
    if (there) there.push(pod);
    else byNode.set(node, [pod]);
  }
  const sites = nodes.map((node): Site => {
    const name = node.metadata.name ?? '';
    const there = byNode.get(name) ?? [];
    byNode.delete(name);
    return { node: name, ...placementOn(set, node), pods: there.length > 1 ? there.sort(oldestFirst) : there };
  });
  const homeless = [...byNode.values()].flat().filter((pod) => !pod.spec.nodeName && !isBeingDeleted(pod));
  return { sites, homeless };
}

function oldestFirst(a: Pod, b: Pod): number {
  const placed = Number(!a.spec.nodeName) - Number(!b.spec.nodeName);
  if (placed !== 0) return placed;
  const [at, bt] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return at < bt ? -1 : at > bt ? 1 : (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}

const isCurrent = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[revisionLabel] === hash;

const available = (pod: Pod, { set, now }: DaemonSetView): boolean =>
  isAvailable(pod, set.spec.minReadySeconds ?? 0, now);

export function planDaemonSet(view: DaemonSetView): DaemonSetPlan {
  const { sites, homeless } = sitesOf(view);
  const plan = { create: [] as string[], remove: [...homeless], ended: [] as Pod[] };
  for (const site of sites) keepOne(site, view, plan);
  return plan;
}

/** A node that should have a pod gets one, others lose theirs; failed and surplus pods go. */
function keepOne(site: Site, view: DaemonSetView, plan: { create: string[]; remove: Pod[]; ended: Pod[] }): void {
  const living = site.pods.filter((pod) => !isBeingDeleted(pod));
  if (!site.stay) plan.remove.push(...living);
  if (!site.stay || (site.run && site.pods.length === 0)) {
    if (site.run) plan.create.push(site.node);
    return;
  }
  const ended = living.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
  plan.remove.push(...ended);
  plan.ended.push(...ended);
  const running = living.filter((pod) => !ended.includes(pod));
  if (!surges(view.set)) plan.remove.push(...running.slice(1));
  else if (running.length === 0 && site.run) plan.create.push(site.node);
  else plan.remove.push(...surplusOf(running, view));
}

/** With surge a node may have two: the oldest new one, and the oldest old one until the new one is available. */
function surplusOf(running: readonly Pod[], view: DaemonSetView): Pod[] {
  if (running.length <= 1) return [];
  const fresh = running.find((pod) => isCurrent(pod, view.hash));
  const old = running.find((pod) => !isCurrent(pod, view.hash));
  const surplus = running.filter((pod) => pod !== fresh && pod !== old);
  const replaced = fresh && old && (!isReady(old) || available(fresh, view));
  return replaced ? [...surplus, old] : surplus;
}

const rolling = (set: DaemonSet) => set.spec.updateStrategy?.rollingUpdate ?? {};

/** What counts here is what was written, not what it comes to. */
const surges = (set: DaemonSet): boolean => {
  const { maxSurge = 0 } = rolling(set);
  return set.spec.updateStrategy?.type !== 'OnDelete' && maxSurge !== 0 && maxSurge !== '0%' && maxSurge !== '0';
};

/** One step of a rolling update. */
export function planRollout(view: DaemonSetView): Pick<DaemonSetPlan, 'create' | 'remove'> {
  const { sites } = sitesOf(view);
  const desired = sites.filter(({ run }) => run).length;
  const { maxSurge = 0, maxUnavailable = 1 } = rolling(view.set);
  const surge = scaledValue(maxSurge, desired, 'up');
  const unavailable = scaledValue(maxUnavailable, desired, 'up');
  const states = sites.filter(({ pods }) => pods.length > 0).map((site) => ({ site, ...versionsOn(site, view.hash) }));
  return surge === 0
    ? planReplacements(states, unavailable === 0 ? 1 : unavailable, view)
    : planSurge(states, { surge, desired }, view);
}

interface Versions {
  readonly fresh: Pod | undefined;
  readonly old: Pod | undefined;
  /** More of one version than there should be: to be cleaned up first. */
  readonly muddled: boolean;
}

function versionsOn({ pods }: Site, hash: string): Versions {
  const living = pods.filter((pod) => !isBeingDeleted(pod));
  const fresh = living.filter((pod) => isCurrent(pod, hash));
  const old = living.filter((pod) => !isCurrent(pod, hash));
  return { fresh: fresh[0], old: old[0], muddled: fresh.length > 1 || old.length > 1 };
}

type State = Versions & { readonly site: Site };

/** Old pods that are not available go at once, others as long as not too many are missing. */
function planReplacements(
  states: readonly State[],
  maxUnavailable: number,
  view: DaemonSetView,
): Pick<DaemonSetPlan, 'create' | 'remove'> {
  const replaceable = states
    .filter(({ fresh, old, muddled }) => !muddled && !fresh && old)
    .map(({ old }) => old as Pod);
  const ailing = replaceable.filter((pod) => !available(pod, view));
  const missing = states.filter(
    ({ fresh, old, muddled }) =>
      muddled || (fresh && old) || !(fresh ?? old) || !available((fresh ?? old) as Pod, view),
  );
  const candidates = replaceable.filter((pod) => available(pod, view));
  return { create: [], remove: [...ailing, ...candidates.slice(0, Math.max(0, maxUnavailable - missing.length))] };
}

/**
 * New pods beside old ones: at once where the old one is not available, elsewhere as many as may surge. Where none is wanted any more the old one
 * goes: at once when it is not available, else when enough others are.
 */
function planSurge(
  states: readonly State[],
  { surge, desired }: { surge: number; desired: number },
  view: DaemonSetView,
): Pick<DaemonSetPlan, 'create' | 'remove'> {
  const sound = states.filter(({ muddled }) => !muddled);
  const both = sound.filter(({ fresh, old }) => fresh && old);
  const surging = both.filter(({ fresh }) => !available(fresh as Pod, view));
  const replaced = both.filter((state) => !surging.includes(state));
  const isUp = ({ fresh, old }: State) => available((old ?? fresh) as Pod, view);
  const waiting = sound.filter(({ fresh, old }) => !fresh && old);
  const [wanted, unwanted] = [waiting.filter(({ site }) => site.run), waiting.filter(({ site }) => !site.run)];
  const spare = sound.filter((state) => (state.old ?? state.fresh) && isUp(state)).length - desired;
  const room = Math.max(0, surge - surging.length - (states.length - sound.length));
  return {
    create: [...wanted.filter((state) => !isUp(state)), ...wanted.filter(isUp).slice(0, room)].map(
      ({ site }) => site.node,
    ),
    remove: [
      ...replaced,
      ...unwanted.filter((state) => !isUp(state)),
      ...unwanted.filter(isUp).slice(0, Math.max(0, spare)),
    ].map(({ old }) => old as Pod),
  };
}

/** The status; of several pods on a node the oldest speaks. */
export function daemonSetStatus(view: DaemonSetView): DaemonSetStatus {
  const { set, hash } = view;
  const { sites } = sitesOf(view);
  const wanted = sites.filter(({ run }) => run);
  const oldest = wanted.flatMap(({ pods }) => pods[0] ?? []);
  const availableCount = oldest.filter((pod) => available(pod, view)).length;
  return {
    currentNumberScheduled: oldest.length,
    numberMisscheduled: sites.filter(({ run, pods }) => !run && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: oldest.filter(isReady).length,
    ...compact({
      observedGeneration: set.metadata.generation ?? 0,
      updatedNumberScheduled: oldest.filter((pod) => isCurrent(pod, hash)).length,
      numberAvailable: availableCount,
      numberUnavailable: wanted.length - availableCount,
      collisionCount: set.status?.collisionCount ?? 0,
      conditions: set.status?.conditions ?? [],
    }),
  };
}
