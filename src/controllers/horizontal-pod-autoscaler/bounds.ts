// From what the metrics ask for to what is done: steadied by the past, slowed by the rules, held within the bounds.

import type { Instant } from '../../base/clock.ts';
import type { HorizontalPodAutoscalerBehavior } from '../../kinds/generated/types/autoscaling-v2.ts';
import { type History, limitOf, type Rules, rulesOf, type Stable, stabilized, stabilizedBy } from './history.ts';

export interface Text {
  readonly reason: string;
  readonly message: string;
}

export interface Bounded {
  readonly replicas: number;
  readonly history: History;
  /** What AbleToScale says. */
  readonly able: Text;
  /** What ScalingLimited says, and whether it is so. */
  readonly limit: Text;
  readonly limited: boolean;
}

export interface Ask {
  readonly current: number;
  readonly wanted: number;
  readonly least: number;
  readonly most: number;
  readonly now: Instant;
}

const readyForNewScale: Text = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const scaleUpStabilized: Text = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const scaleDownStabilized: Text = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const withinRange: Text = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const tooFast: Text = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const tooFastDown: Text = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
const tooMany: Text = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const tooFew: Text = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};

export function boundedReplicas(
  ask: Ask,
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  history: History,
): Bounded {
  const rules = behavior && rulesOf(behavior);
  const stable = rules
    ? stabilizedBy(rules, history.recommendations, ask)
    : stabilized(history.recommendations, ask.wanted, ask.now);
  const steady = { ...ask, wanted: stable.replicas };
  const [replicas, limit] = rules ? withinRules(steady, rules, history) : withinBounds(steady);
  return {
    replicas,
    history: { ...history, recommendations: stable.recommendations },
    able: ableText(ask, stable, rules !== undefined),
    limit,
    limited: replicas !== stable.replicas,
  };
}

function ableText({ wanted, current }: Ask, { replicas }: Stable, byRules: boolean): Text {
  if (replicas === wanted) return readyForNewScale;
  return byRules && wanted >= current ? scaleUpStabilized : scaleDownStabilized;
}

/** Without rules, at most doubled at once, or brought to four. */
function withinBounds({ current, wanted, least, most }: Ask): readonly [number, Text] {
  const fastest = Math.max(2 * current, 4);
  if (wanted < least) return [least, tooFew];
  if (wanted > Math.min(most, fastest)) return most > fastest ? [fastest, tooFast] : [most, tooMany];
  return [wanted, withinRange];
}

function withinRules(
  { current, wanted, least, most, now }: Ask,
  rules: Rules,
  history: History,
): readonly [number, Text] {
  if (wanted > current) {
    const fastest = Math.max(current, limitOf('scaleUp', rules.scaleUp, history, { current, now }));
    if (wanted > Math.min(most, fastest)) return most > fastest ? [fastest, tooFast] : [most, tooMany];
  }
  if (wanted < current) {
    const fastest = Math.min(current, limitOf('scaleDown', rules.scaleDown, history, { current, now }));
    if (wanted < Math.max(least, fastest)) return least < fastest ? [fastest, tooFastDown] : [least, tooFew];
  }
  return [wanted, withinRange];
}
