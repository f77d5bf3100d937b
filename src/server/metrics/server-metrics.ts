// What the parts of the server count as they work.

import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Timed } from '../../kinds/apiextensions/judge.ts';
import { type AdmissionMetrics, admissionMetrics } from './admission-metrics.ts';
import { expressionMetrics } from './expression-metrics.ts';
import { type PolicyMetrics, policyMetrics } from './policy-metrics.ts';
import { type WatchMetrics, watchMetrics } from './watch-metrics.ts';
import { type WebhookMetrics, webhookMetrics } from './webhook-metrics.ts';

export interface ServerMetrics {
  readonly admission: AdmissionMetrics;
  readonly webhooks: WebhookMetrics;
  readonly policies: PolicyMetrics;
  readonly expressions: Timed;
  readonly watches: WatchMetrics;
}

export const serverMetrics = (metrics: Metrics, clock: Clock): ServerMetrics => ({
  admission: admissionMetrics(metrics, clock),
  webhooks: webhookMetrics(metrics, clock),
  policies: policyMetrics(metrics),
  expressions: expressionMetrics(metrics, clock),
  watches: watchMetrics(metrics),
});
