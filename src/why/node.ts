// Why a node is as it is, and what a drain of it would do: which pods go where, which wait for a budget, which stay.

import { selectorOf } from '../base/selectors.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { controllerOf, isBeingDeleted, isFinished, isReady } from '../kinds/core/pod-facts.ts';
import { PodDisruptionBudget } from '../kinds/policy/pod-disruption-budget.ts';
import type { Cause, DrainOutcome, DrainStep, Why } from '../kinds/why/explanation.ts';
import { conditionOf } from '../kinds/conditions.ts';
import { isNodeReady } from '../kinds/core/node-facts.ts';
import { counted, sinceOf, someOf } from './facts.ts';
import type { WhyView } from './view.ts';

export function explainNode(node: Node, view: WhyView): Why {
  const ready = conditionOf(node.status?.conditions, 'Ready');
  const drain = planDrain(node, view);
  const causes = [...pressures(node), ...taintCauses(node)];
  const isReadyNow = isNodeReady(node);
  const state = `${isReadyNow ? 'Ready' : 'NotReady'}${node.spec?.unschedulable ? ',SchedulingDisabled' : ''}`;
  const why = isReadyNow ? '' : `${ready?.message || 'Its kubelet has not reported.'} `;
  return { state, ...sinceOf(ready?.lastTransitionTime), verdict: `${why}${drainVerdict(drain)}`, causes, drain };
}

const pressures = ({ status }: Node): readonly Cause[] =>
  (status?.conditions ?? [])
    .filter(({ type, status: is }) => (type === 'Ready' ? is !== 'True' : is === 'True'))
    .map(({ type, message, reason, lastTransitionTime }) => ({
      reason: reason || type,
      message: message || type,
      ...sinceOf(lastTransitionTime),
    }));

const taintCauses = ({ spec }: Node): readonly Cause[] =>
  (spec?.taints ?? []).map(({ key, value, effect, timeAdded }) => ({
    reason: 'Taint',
    message: `${key}${value ? `=${value}` : ''}:${effect}`,
    ...sinceOf(timeAdded),
  }));

/** How much of a budget is left as pods go one by one. */
interface Allowance {
  readonly budget: PodDisruptionBudget;
  left: number;
}

function planDrain({ metadata }: Node, view: WhyView): readonly DrainStep[] {
  const name = metadata.name ?? '';
  const pods = view
    .of(Pod)
    .list()
    .filter(({ spec }) => spec?.nodeName === name);
  const allowances = view
    .of(PodDisruptionBudget)
    .list()
    .map((budget): Allowance => ({ budget, left: budget.status?.disruptionsAllowed ?? 0 }));
  const moving = pods.filter((pod) => exemption(pod) === undefined);
  const places = view.scheduler.successors(name, moving);
  const steps = moving.map((pod, i) => step(pod, places[i], allowances));
  const rest = pods.flatMap((pod) => {
    const exempt = exemption(pod);
    return exempt ? [stepOf(pod, 'Ignored', exempt)] : [];
  });
  return [...steps, ...rest];
}

/** What a drain leaves where it is. */
function exemption(pod: Pod): string | undefined {
  if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined)
    return 'a static pod: the kubelet keeps it';
  if (isFinished(pod)) return 'it has ended';
  if (isBeingDeleted(pod)) return 'it is being deleted';
  const owner = controllerOf(pod);
  return owner?.kind === 'DaemonSet' ? `of DaemonSet ${owner.name}: a drain needs --ignore-daemonsets` : undefined;
}

function step(pod: Pod, to: string | undefined, allowances: readonly Allowance[]): DrainStep {
  const own = allowances.filter(({ budget }) => protects(budget, pod));
  const owner = controllerOf(pod);
  if (own.length > 1)
    return stepOf(
      pod,
      'Blocked',
      `${counted(own.length, 'budget')} select it, and eviction refuses that: ${someOf(own.map(nameOf))}`,
    );
  const [allowance] = own;
  const budget = allowance && nameOf(allowance);
  const place = { ...(budget !== undefined && { budget }), ...(to !== undefined && { to }) };
  if (!owner) return { ...stepOf(pod, 'Lost', 'nobody makes it anew: a drain needs --force'), ...place };
  if (!allowance || isFree(allowance, pod)) return { ...stepOf(pod, 'Evicted', arrival(to)), ...place };
  if (allowance.left > 0) {
    allowance.left--;
    return { ...stepOf(pod, 'Evicted', `${arrival(to)}; budget ${budget} allows it`), ...place };
  }
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = allowance.budget.status ?? {};
  const figures = `budget ${budget} wants ${desiredHealthy} of ${expectedPods} healthy, ${currentHealthy} are`;
  if (desiredHealthy >= expectedPods)
    return { ...stepOf(pod, 'Blocked', `${figures}: it never allows one to go`), ...place };
  if (to === undefined)
    return { ...stepOf(pod, 'Blocked', `${figures}, and no other node has room for a successor`), ...place };
  return { ...stepOf(pod, 'Waits', `${figures}: it goes once a successor is ready on ${to}`), ...place };
}

const stepOf = ({ metadata }: Pod, outcome: DrainOutcome, message: string): DrainStep => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
  outcome,
  message,
});

const nameOf = ({ budget }: Allowance): string => budget.metadata.name ?? '';

const arrival = (to: string | undefined): string =>
  to === undefined ? 'its successor finds no node and stays Pending' : `its successor runs on ${to}`;

const protects = ({ metadata, spec }: PodDisruptionBudget, pod: Pod): boolean =>
  metadata.namespace === pod.metadata.namespace && selectorOf(spec?.selector, 'nothing').matches(pod.metadata.labels);

/** A pod that is not ready may go when the budget is kept anyway, or always under AlwaysAllow. */
function isFree({ budget }: Allowance, pod: Pod): boolean {
  if (isReady(pod)) return false;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  return (
    budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' ||
    (currentHealthy >= desiredHealthy && desiredHealthy > 0)
  );
}

function drainVerdict(steps: readonly DrainStep[]): string {
  const of = (outcome: DrainOutcome) => steps.filter((each) => each.outcome === outcome);
  const blocked = of('Blocked');
  const lost = of('Lost');
  const homeless = steps.filter(
    ({ outcome, to }) => (outcome === 'Evicted' || outcome === 'Waits') && to === undefined,
  );
  const moving = steps.length - of('Ignored').length;
  if (moving === 0) return 'A drain would have nothing to do.';
  if (blocked.length > 0) return `A drain would not end: ${blocked[0]?.name}: ${blocked[0]?.message}.`;
  const parts = [
    `A drain would move ${counted(moving, 'pod')}`,
    ...(of('Waits').length > 0 ? [`${of('Waits').length} of them waiting for a budget`] : []),
    ...(homeless.length > 0 ? [`${homeless.length} would find no other node`] : []),
    ...(lost.length > 0 ? [`${lost.length} would be lost for good`] : []),
  ];
  return `${parts.join(', ')}.`;
}
