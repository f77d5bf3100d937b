// How long admission takes, plugin by plugin and step by step, under the names Kubernetes promises to keep.

import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';

export type AdmissionPhase = 'mutate' | 'validate';

/** Called when an act of admission has ended, with what became of it. */
export type AdmissionTimer = (rejected: boolean) => void;

export interface AdmissionMetrics {
  /** `plugin` left out: a whole step. */
  begin(phase: AdmissionPhase, operation: string, plugin?: string): AdmissionTimer;
}

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

export function admissionMetrics(metrics: Metrics, clock: Clock): AdmissionMetrics {
  const controllers = metrics.histogram({
    name: 'apiserver_admission_controller_admission_duration_seconds',
    stability: 'STABLE',
    help: 'Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
    labels: ['name', 'operation', 'rejected', 'type'],
    buckets,
  });
  const steps = metrics.histogram({
    name: 'apiserver_admission_step_admission_duration_seconds',
    stability: 'STABLE',
    help: 'Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).',
    labels: ['operation', 'rejected', 'type'],
    buckets,
  });
  return {
    begin(phase, operation, plugin) {
      const startedAt = clock.elapsed();
      const type = phase === 'mutate' ? 'admit' : 'validate';
      return (rejected) => {
        const labels = [operation, String(rejected), type];
        const histogram = plugin === undefined ? steps(...labels) : controllers(plugin, ...labels);
        histogram.observe((clock.elapsed() - startedAt) / 1000);
      };
    },
  };
}
