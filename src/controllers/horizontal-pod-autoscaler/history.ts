// What an autoscaler remembers: what it would have done, and how far it has gone, so that it neither flutters nor rushes.

import type { Instant } from '../../base/clock.ts';
import type { HPAScalingRules, HorizontalPodAutoscalerBehavior } from '../../kinds/generated/types/autoscaling-v2.ts';

export interface Recommendation {
  readonly replicas: number;
  readonly at: Instant;
}

export interface ScaleEvent {
  /** Of replicas, never negative. */
  readonly change: number;
  readonly at: Instant;
}

export interface History {
  readonly recommendations: readonly Recommendation[];
  readonly ups: readonly ScaleEvent[];
  readonly downs: readonly ScaleEvent[];
}

export const newHistory = (replicas: number, now: Instant): History => ({
  recommendations: [{ replicas, at: now }],
  ups: [],
  downs: [],
});

/** With a new item in the place of the last that is too old to count, or behind the others. */
function remembered<T>(items: readonly T[], item: T, isOld: (item: T) => boolean): readonly T[] {
  const at = items.findLastIndex(isOld);
  return at < 0 ? [...items, item] : items.with(at, item);
}

const noLongerThan = (seconds: number, now: Instant): Instant => now - seconds * 1000;

/** Without a behaviour, going down waits this long, in seconds (`--horizontal-pod-autoscaler-downscale-stabilization`). */
export const downscaleWindow = 300;

export interface Stable {
  readonly replicas: number;
  readonly recommendations: readonly Recommendation[];
}

/** The highest of the recent recommendations and this one. */
export function stabilized(recommendations: readonly Recommendation[], replicas: number, now: Instant): Stable {
  const cutoff = noLongerThan(downscaleWindow, now);
  const recent = recommendations.filter(({ at }) => at >= cutoff);
  return {
    replicas: Math.max(replicas, ...recent.map((each) => each.replicas)),
    recommendations: remembered(recommendations, { replicas, at: now }, ({ at }) => at < cutoff),
  };
}

/** The rules of both directions, with their defaults. */
export type Rules = Readonly<Record<'scaleUp' | 'scaleDown', HPAScalingRules>>;

export const rulesOf = ({ scaleUp = {}, scaleDown = {} }: HorizontalPodAutoscalerBehavior): Rules => ({
  scaleUp,
  scaleDown,
});

/** The present count, moved no further than every recommendation within the window of a direction allows. */
export function stabilizedBy(
  rules: Rules,
  recommendations: readonly Recommendation[],
  { current, wanted, now }: { readonly current: number; readonly wanted: number; readonly now: Instant },
): Stable {
  const upCutoff = noLongerThan(rules.scaleUp.stabilizationWindowSeconds ?? 0, now);
  const downCutoff = noLongerThan(rules.scaleDown.stabilizationWindowSeconds ?? downscaleWindow, now);
  const since = (cutoff: Instant) => recommendations.filter(({ at }) => at > cutoff).map(({ replicas }) => replicas);
  const least = Math.min(wanted, ...since(upCutoff));
  const most = Math.max(wanted, ...since(downCutoff));
  return {
    replicas: Math.min(Math.max(current, least), most),
    recommendations: remembered(
      recommendations,
      { replicas: wanted, at: now },
      ({ at }) => at < upCutoff && at < downCutoff,
    ),
  };
}

/** The history after a rescale; without a behaviour nobody will ask how far it went. */
export function afterRescale(
  history: History,
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  { from, to, now }: { readonly from: number; readonly to: number; readonly now: Instant },
): History {
  if (!behavior) return history;
  const up = to > from;
  const { policies = [] } = rulesOf(behavior)[up ? 'scaleUp' : 'scaleDown'];
  const cutoff = noLongerThan(Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds)), now);
  const add = (events: readonly ScaleEvent[]) =>
    remembered(events, { change: Math.abs(to - from), at: now }, ({ at }) => at < cutoff);
  return up ? { ...history, ups: add(history.ups) } : { ...history, downs: add(history.downs) };
}

/** How many replicas the policies of a direction allow at the utmost now. */
export function limitOf(
  direction: 'scaleUp' | 'scaleDown',
  rules: HPAScalingRules,
  { ups, downs }: Pick<History, 'ups' | 'downs'>,
  { current, now }: { readonly current: number; readonly now: Instant },
): number {
  const { selectPolicy = 'Max', policies = [] } = rules;
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const cutoff = noLongerThan(periodSeconds, now);
    const changed = (events: readonly ScaleEvent[]) =>
      events.filter(({ at }) => at > cutoff).reduce((sum, { change }) => sum + change, 0);
    const atStart = current - changed(ups) + changed(downs);
    if (direction === 'scaleUp') return type === 'Pods' ? atStart + value : Math.ceil(atStart * (1 + value / 100));
    return type === 'Pods' ? atStart - value : Math.trunc(atStart * (1 - value / 100));
  });
  const furthest = (direction === 'scaleUp') === (selectPolicy !== 'Min') ? Math.max : Math.min;
  return furthest(...limits);
}
