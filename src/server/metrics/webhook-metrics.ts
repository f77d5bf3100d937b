// What comes of asking admission webhooks, under Kubernetes' names.

import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';

export type WebhookOutcome =
  | { readonly is: 'allowed' }
  | { readonly is: 'denied'; readonly code: number }
  /** It could not be asked. Where that is overlooked the request goes on. */
  | { readonly is: 'failed'; readonly code: number; readonly overlooked: boolean }
  /** The server itself did not get along with it. */
  | { readonly is: 'refused' };

export interface AskedWebhook {
  readonly name: string;
  readonly mutating: boolean;
  readonly operation: string;
}

export interface WebhookMetrics {
  /** Called when a webhook is asked; the result is called with what came of it. */
  begin(asked: AskedWebhook): (outcome: WebhookOutcome) => void;
}

const greatestCode = 600;

export function webhookMetrics(metrics: Metrics, clock: Clock): WebhookMetrics {
  const duration = metrics.histogram({
    name: 'apiserver_admission_webhook_admission_duration_seconds',
    stability: 'STABLE',
    help: 'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
    labels: ['name', 'operation', 'rejected', 'type'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
  });
  const requests = metrics.counter({
    name: 'apiserver_admission_webhook_request_total',
    stability: 'ALPHA',
    help: 'Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
    labels: ['name', 'type', 'operation', 'code', 'rejected'],
  });
  const rejections = metrics.counter({
    name: 'apiserver_admission_webhook_rejection_count',
    stability: 'ALPHA',
    help: 'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
    labels: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
  });
  const failOpen = metrics.counter({
    name: 'apiserver_admission_webhook_fail_open_count',
    stability: 'ALPHA',
    help: 'Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).',
    labels: ['name', 'type'],
  });
  return {
    begin({ name, mutating, operation }) {
      const startedAt = clock.elapsed();
      const type = mutating ? 'admit' : 'validating';
      return (outcome) => {
        const code = String(Math.min(codeOf(outcome), greatestCode));
        const error = errorOf(outcome);
        const rejected = String(error !== undefined);
        if (error) rejections(name, type, operation, error, code).add();
        requests(name, type, operation, code, rejected).add();
        duration(name, operation, rejected, type).observe((clock.elapsed() - startedAt) / 1000);
        if (outcome.is === 'failed' && outcome.overlooked) failOpen(name, type).add();
      };
    },
  };
}

function codeOf(outcome: WebhookOutcome): number {
  if (outcome.is === 'allowed') return 200;
  return outcome.is === 'refused' ? 0 : outcome.code;
}

/** Why the request was rejected; undefined where it was not. */
function errorOf(outcome: WebhookOutcome): string | undefined {
  if (outcome.is === 'denied') return 'no_error';
  if (outcome.is === 'refused') return 'apiserver_internal_error';
  return outcome.is === 'failed' && !outcome.overlooked ? 'calling_webhook_error' : undefined;
}
