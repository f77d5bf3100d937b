// The whole decision of a HorizontalPodAutoscaler: how many replicas, why, and what its status says. Knows the time and no client.

import type { Instant } from '../../base/clock.ts';
import { parseQuantity } from '../../base/quantity.ts';
import { formatTime } from '../../base/time.ts';
import type { HorizontalPodAutoscaler } from '../../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type {
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '../../kinds/generated/types/autoscaling-v2.ts';
import type { EventText } from '../../reconcile/controller.ts';
import { boundedReplicas, type Text } from './bounds.ts';
import { afterRescale, type History, newHistory } from './history.ts';
import type { Tolerances } from './measured-pods.ts';
import { type Failure, type Proposal, proposalOf } from './proposals.ts';
import type { Reading } from './readings.ts';

/** What the scale of the target says. */
export interface TargetScale {
  readonly replicas: number;
  readonly statusReplicas: number;
}

export interface Autoscaling {
  readonly scaler: HorizontalPodAutoscaler;
  readonly scale: TargetScale;
  readonly history: History | undefined;
  readonly now: Instant;
  enabled(featureGate: string): boolean;
}

/** What the metrics are asked of, or why they are not asked. */
export type Measurement = { readonly pods: readonly Pod[]; readonly readings: readonly Reading[] } | SelectorFault;

export interface SelectorFault {
  readonly event: EventText;
  readonly condition: Text;
}

export interface Plan {
  readonly status: HorizontalPodAutoscalerStatus;
  readonly events: readonly EventText[];
  readonly history: History;
  /** What to write into the scale; left out: nothing. */
  readonly rescale?: Rescale;
}

export interface Rescale {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export type Course =
  | { readonly is: 'disabled' }
  /** Outside of the bounds: no metric is asked. */
  | { readonly is: 'bounded'; readonly to: number; readonly reason: string }
  | { readonly is: 'measured' };

const leastOf = ({ spec }: HorizontalPodAutoscaler): number => spec.minReplicas ?? 1;

export function courseOf({ scaler, scale, enabled }: Pick<Autoscaling, 'scaler' | 'scale' | 'enabled'>): Course {
  const least = leastOf(scaler);
  const { maxReplicas } = scaler.spec;
  if (scale.replicas === 0) {
    const wokenByMetric = isAsleep(scaler, enabled) && (least !== 0 || countsOutside(scaler));
    return { is: wokenByMetric ? 'measured' : 'disabled' };
  }
  if (scale.replicas > maxReplicas)
    return { is: 'bounded', to: maxReplicas, reason: 'Current number of replicas above Spec.MaxReplicas' };
  if (scale.replicas < least)
    return { is: 'bounded', to: least, reason: 'Current number of replicas below Spec.MinReplicas' };
  return { is: 'measured' };
}

/** It was this autoscaler that went down to zero. */
const isAsleep = ({ status }: HorizontalPodAutoscaler, enabled: Autoscaling['enabled']): boolean =>
  enabled('HPAScaleToZero') &&
  (status?.conditions ?? []).some(({ type, status }) => type === 'ScaledToZero' && status === 'True');

/** Some metric is there when no pod is. */
const countsOutside = ({ spec }: HorizontalPodAutoscaler): boolean =>
  (spec.metrics ?? []).some(({ type }) => type === 'Object' || type === 'External');

/** `measurement` is there where `courseOf` says `measured`. */
export function planScaling(view: Autoscaling, measurement?: Measurement): Plan {
  const { scaler, scale, now } = view;
  const history = view.history ?? newHistory(scale.replicas, now);
  const conditions = conditionsOf(scaler, now);
  conditions.set('AbleToScale', true, {
    reason: 'SucceededGetScale',
    message: "the HPA controller was able to get the target's current scale",
  });
  const course = courseOf(view);
  if (course.is === 'measured' && measurement) return planMeasured(view, measurement, { history, conditions });
  if (course.is === 'bounded') {
    const rescale = { from: scale.replicas, to: course.to, reason: course.reason };
    return { status: statusOf(scaler, { current: scale.replicas, conditions }), events: [], history, rescale };
  }
  conditions.set('ScalingActive', false, {
    reason: 'ScalingDisabled',
    message: 'scaling is disabled since the replica count of the target is zero',
  });
  if (!view.enabled('HPAScaleToZero')) conditions.remove('ScaledToZero');
  return {
    status: statusOf(scaler, { current: scale.replicas, desired: scale.replicas, conditions }),
    events: [],
    history,
  };
}

interface Begun {
  readonly history: History;
  readonly conditions: Conditions;
}

function planMeasured(view: Autoscaling, measurement: Measurement, { history, conditions }: Begun): Plan {
  const { scaler, scale, now } = view;
  const current = scale.replicas;
  const found = summaryOf(view, measurement);
  conditions.set('ScalingActive', 'highest' in found, found.condition);
  if (!('highest' in found)) {
    const events = [...found.events, { type: 'Warning', reason: 'FailedComputeMetricsReplicas', message: found.told }];
    const status = statusOf(scaler, { current, conditions, metrics: found.metrics });
    return { status, events: events as EventText[], history };
  }
  const { replicas: wanted, name } = found.highest;
  const bounded = boundedReplicas(
    { current, wanted, least: leastOf(scaler), most: scaler.spec.maxReplicas, now },
    scaler.spec.behavior,
    history,
  );
  conditions.set('AbleToScale', true, bounded.able);
  conditions.set('ScalingLimited', bounded.limited, bounded.limit);
  const reason = wanted > current ? `${name} above target` : wanted < current ? 'All metrics below target' : '';
  const planned = { events: found.events, history: bounded.history };
  const awake = wakingTo(view, bounded.replicas);
  const to = awake ?? bounded.replicas;
  if (to === current)
    return { ...planned, status: statusOf(scaler, { current, desired: to, conditions, metrics: found.metrics }) };
  return {
    ...planned,
    status: statusOf(scaler, { current, conditions, metrics: found.metrics }),
    rescale: { from: current, to, reason: reason || (awake === undefined ? '' : belowLeast) },
  };
}

const belowLeast = 'Current number of replicas below Spec.MinReplicas';

/** What sleeps below a bound that was raised meanwhile comes up to it. */
function wakingTo({ scaler, scale, enabled }: Autoscaling, replicas: number): number | undefined {
  const least = leastOf(scaler);
  const rises = scale.replicas === 0 && least !== 0 && isAsleep(scaler, enabled) && replicas < least;
  return rises ? least : undefined;
}

interface Unmeasured {
  readonly events: readonly EventText[];
  readonly condition: Text;
  readonly metrics: readonly MetricStatus[] | null;
  readonly told: string;
}

interface Summary extends Omit<Unmeasured, 'told'> {
  /** The proposal that counts. */
  readonly highest: Proposal;
}

/** What the metrics say together: the highest proposal, unless too many are unknown. */
function summaryOf(view: Autoscaling, measurement: Measurement): Summary | Unmeasured {
  if (!('readings' in measurement)) {
    const { event, condition } = measurement;
    return { events: [event], condition, metrics: null, told: event.message };
  }
  const { replicas, statusReplicas } = view.scale;
  const present = { pods: measurement.pods, replicas, statusReplicas, tolerances: tolerancesOf(view), now: view.now };
  const specs = view.scaler.spec.metrics ?? [];
  const results = specs.map((spec, i) => proposalOf(spec, measurement.readings[i] ?? { values: [] }, present));
  const failures = results.filter((each): each is Failure => 'told' in each);
  const proposals = results.filter((each): each is Proposal => !('told' in each));
  // Of a metric that is not known the status has an empty place.
  const metrics = results.map((each) => ('told' in each ? ({ type: '' } as unknown as MetricStatus) : each.status));
  const events = failures.map(({ reason, message }): EventText => ({ type: 'Warning', reason, message }));
  const highest = highestOf(proposals);
  const [first] = failures;
  if (first && (!highest || highest.replicas < replicas)) {
    const { reason, message } = first;
    return {
      events,
      condition: { reason, message: `the HPA was unable to compute the replica count: ${message}` },
      metrics,
      told: `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first.told}`,
    };
  }
  const condition = {
    reason: 'ValidMetricFound',
    message: `the HPA was able to successfully calculate a replica count from ${highest?.name ?? ''}`,
  };
  return { events, condition, metrics, highest: highest as Proposal };
}

/** The first of the highest. */
const highestOf = (proposals: readonly Proposal[]): Proposal | undefined =>
  proposals.reduce<Proposal | undefined>(
    (highest, each) => (!highest || highest.replicas === 0 || each.replicas > highest.replicas ? each : highest),
    undefined,
  );

const defaultTolerance = 0.1;

function tolerancesOf({ scaler: { spec }, enabled }: Autoscaling): Tolerances {
  const { scaleUp, scaleDown } = (enabled('HPAConfigurableTolerance') && spec.behavior) || {};
  const share = (text: string | undefined): number =>
    text === undefined ? defaultTolerance : Number(parseQuantity(text).nanos) / 1e9;
  return { down: share(scaleDown?.tolerance), up: share(scaleUp?.tolerance) };
}

/** The scale of the target could not be read. */
export function planWithoutScale(
  scaler: HorizontalPodAutoscaler,
  fault: string,
  now: Instant,
): Pick<Plan, 'status' | 'events'> {
  const conditions = conditionsOf(scaler, now);
  conditions.set('AbleToScale', false, {
    reason: 'FailedGetScale',
    message: `the HPA controller was unable to get the target's current scale: ${fault}`,
  });
  return {
    status: { ...(scaler.status ?? { desiredReplicas: 0, currentMetrics: [] }), conditions: conditions.list() },
    events: [{ type: 'Warning', reason: 'FailedGetScale', message: fault }],
  };
}

/** What is said and remembered once the scale was written, or was refused. */
export function afterWriting(
  view: Autoscaling,
  { status, history }: Plan,
  { from, to, reason }: Rescale,
  refusal: string | undefined,
): Pick<Plan, 'status' | 'events' | 'history'> {
  const { scaler, now } = view;
  const conditions = conditionsOf({ ...scaler, status }, now);
  const finished = (metrics: readonly MetricStatus[] | null, desired?: number, rescaled = false) =>
    statusOf(scaler, { current: from, ...(desired !== undefined && { desired }), conditions, metrics, rescaled, now });
  if (refusal !== undefined) {
    conditions.set('AbleToScale', false, {
      reason: 'FailedUpdateScale',
      message: `the HPA controller was unable to update the target scale: ${refusal}`,
    });
    const message = `New size: ${to}; reason: ${reason}; error: ${refusal}`;
    return {
      status: finished(status.currentMetrics),
      events: [{ type: 'Warning', reason: 'FailedRescale', message }],
      history,
    };
  }
  conditions.set('AbleToScale', true, {
    reason: 'SucceededRescale',
    message: `the HPA controller was able to update the target scale to ${to}`,
  });
  sleepCondition(view, { from, to }, conditions);
  return {
    status: finished(status.currentMetrics, to, true),
    events: [{ reason: 'SuccessfulRescale', message: `New size: ${to}; reason: ${reason}` }],
    history: afterRescale(history, scaler.spec.behavior, { from, to, now }),
  };
}

function sleepCondition({ scaler, enabled }: Autoscaling, { from, to }: Pick<Rescale, 'from' | 'to'>, of: Conditions) {
  if (!enabled('HPAScaleToZero')) return of.remove('ScaledToZero');
  if (from > 0 && to === 0 && leastOf(scaler) === 0 && countsOutside(scaler)) {
    const message = 'the HPA controller scaled the workload to zero';
    return of.set('ScaledToZero', true, { reason: 'ScaledToZero', message });
  }
  const message = 'the HPA controller did not scale the workload to zero';
  return of.set('ScaledToZero', false, { reason: 'NotScaledToZero', message });
}

interface Shown {
  readonly current: number;
  /** Left out: as before. */
  readonly desired?: number;
  readonly conditions: Conditions;
  readonly metrics?: readonly MetricStatus[] | null;
  readonly rescaled?: boolean;
  readonly now?: Instant;
}

function statusOf({ status }: HorizontalPodAutoscaler, shown: Shown): HorizontalPodAutoscalerStatus {
  const { current, desired = status?.desiredReplicas ?? 0, conditions, metrics = null, rescaled, now = 0 } = shown;
  const lastScaleTime = rescaled ? formatTime(now) : status?.lastScaleTime;
  return {
    ...(current !== 0 && { currentReplicas: current }),
    desiredReplicas: desired,
    ...(lastScaleTime !== undefined && { lastScaleTime }),
    // Where nothing was measured, Go writes the list that is not there as null.
    currentMetrics: metrics as MetricStatus[],
    conditions: conditions.list(),
  };
}

interface Conditions {
  set(type: string, is: boolean, text: Text): void;
  remove(type: string): void;
  list(): HorizontalPodAutoscalerCondition[];
}

/** Those there are, to be changed: in the order in which they first came. */
function conditionsOf({ status }: HorizontalPodAutoscaler, now: Instant): Conditions {
  const all = new Map((status?.conditions ?? []).map((condition) => [condition.type, condition]));
  return {
    set(type, is, { reason, message }) {
      const verdict = is ? 'True' : 'False';
      const before = all.get(type);
      const lastTransitionTime = before?.status === verdict ? before.lastTransitionTime : formatTime(now);
      all.set(type, {
        type,
        status: verdict,
        reason,
        message,
        ...(lastTransitionTime !== undefined && { lastTransitionTime }),
      });
    },
    remove: (type) => void all.delete(type),
    list: () => [...all.values()],
  };
}
