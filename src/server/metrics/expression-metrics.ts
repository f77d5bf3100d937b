// How long the rules of custom resources take, under the names Kubernetes promises to keep.

import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Timed } from '../../kinds/apiextensions/judge.ts';

/** What Prometheus takes where nobody says otherwise. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function expressionMetrics(metrics: Metrics, clock: Clock): Timed {
  const histogram = (name: string, help: string) =>
    metrics.histogram({ name, stability: 'BETA', help, labels: [], buckets });
  const of = {
    compilation: histogram('apiserver_cel_compilation_duration_seconds', 'CEL compilation time in seconds.'),
    evaluation: histogram('apiserver_cel_evaluation_duration_seconds', 'CEL evaluation time in seconds.'),
  };
  return (what, act) => {
    const startedAt = clock.elapsed();
    const done = act();
    of[what]().observe((clock.elapsed() - startedAt) / 1000);
    return done;
  };
}
