// How long admission takes, plugin by plugin and step by step, under the names Kubernetes promises to keep.

import type { Clock } from '../../base/clock.ts';
import type { Histogram, Metrics } from '../../base/metrics.ts';

export type AdmissionPhase = 'mutate' | 'validate';

/** Called when an act of admission has ended, with what became of it. */
export type AdmissionTimer = (rejected: boolean) => void;

export interface AdmissionMetrics {
  /** `plugin` left out: a whole step. */
  begin(phase: AdmissionPhase, operation: string, plugin?: string): AdmissionTimer;
}

interface Act {
  readonly phase: AdmissionPhase;
  readonly operation: string;
  readonly plugin: string | undefined;
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
  const known = new Map<string, Map<string, Histogram[]>>();

  /** Every write asks for some twenty of these: each is found by its labels once. */
  function histogramOf({ phase, operation, plugin = '' }: Act, rejected: boolean): Histogram {
    let byOperation = known.get(plugin);
    if (!byOperation) known.set(plugin, (byOperation = new Map()));
    let histograms = byOperation.get(operation);
    if (!histograms) byOperation.set(operation, (histograms = []));
    const at = (phase === 'mutate' ? 0 : 2) + (rejected ? 1 : 0);
    const before = histograms[at];
    if (before) return before;
    const labels = [operation, String(rejected), phase === 'mutate' ? 'admit' : 'validate'];
    return (histograms[at] = plugin === '' ? steps(...labels) : controllers(plugin, ...labels));
  }

  return {
    begin(phase, operation, plugin) {
      const startedAt = clock.elapsed();
      const act = { phase, operation, plugin };
      return (rejected) => histogramOf(act, rejected).observe((clock.elapsed() - startedAt) / 1000);
    },
  };
}
