// What admission policies find, under Kubernetes' names.

import type { Duration } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';

export interface PolicyCheck {
  readonly policy: string;
  readonly binding: string;
  /** What is wrong; undefined where nothing is. */
  readonly message: string | undefined;
  readonly elapsed: Duration;
}

export interface PolicyMetrics {
  /** A validation that did not hold, or could not be told, and what was done about it. Those that hold are not counted. */
  validated(check: PolicyCheck, action: 'allow' | 'deny' | 'audit' | 'warn'): void;
  /** One mutation of a policy. */
  mutated(check: PolicyCheck): void;
}

const buckets = [0.0000005, 0.001, 0.01, 0.1, 1];

export function policyMetrics(metrics: Metrics): PolicyMetrics {
  const labels = ['policy', 'policy_binding', 'error_type'];
  const validations = metrics.counter({
    name: 'apiserver_validating_admission_policy_check_total',
    stability: 'BETA',
    help: 'Validation admission policy check total, labeled by policy and further identified by binding and enforcement action taken.',
    labels: [...labels, 'enforcement_action'],
  });
  const validationTimes = metrics.histogram({
    name: 'apiserver_validating_admission_policy_check_duration_seconds',
    stability: 'BETA',
    help: 'Validation admission latency for individual validation expressions in seconds, labeled by policy and further including binding and enforcement action taken.',
    labels: [...labels, 'enforcement_action'],
    buckets,
  });
  const mutations = metrics.counter({
    name: 'apiserver_mutating_admission_policy_check_total',
    stability: 'ALPHA',
    help: 'Mutation admission policy check total, labeled by policy and further identified by binding.',
    labels,
  });
  const mutationTimes = metrics.histogram({
    name: 'apiserver_mutating_admission_policy_check_duration_seconds',
    stability: 'ALPHA',
    help: 'Mutation admission latency for individual mutation expressions in seconds, labeled by policy and binding.',
    labels,
    buckets,
  });
  return {
    validated(check, action) {
      const values = [check.policy, check.binding, errorTypeOf(check.message), action];
      validations(...values).add();
      validationTimes(...values).observe(check.elapsed / 1000);
    },
    mutated(check) {
      const values = [check.policy, check.binding, errorTypeOf(check.message)];
      mutations(...values).add();
      mutationTimes(...values).observe(check.elapsed / 1000);
    },
  };
}

/** As upstream tells them apart, by how the message begins: a validation that simply does not hold is an invalid_error, too. */
function errorTypeOf(message: string | undefined): string {
  if (message === undefined) return 'no_error';
  if (message.startsWith('compilation')) return 'compile_error';
  return message.startsWith('validation failed due to running out of cost budget') ? 'out_of_budget' : 'invalid_error';
}
