// /metrics and /metrics/slis: what this server counts, as Prometheus reads it.

import type { MetricSpec, Metrics } from '../../base/metrics.ts';
import { createMetrics } from '../../base/metrics.ts';
import { utf8 } from '../../base/bytes.ts';
import { featureGates, type GateStage } from '../../api/feature-gates.ts';
import type { Kind } from '../../api/kind.ts';
import { resourceKey } from '../../api/kind.ts';
import type { HealthCheck } from '../health.ts';
import type { PathAnswer } from '../paths.ts';
import type { Server } from '../server.ts';
import { prefixOf } from '../stored.ts';
import { kubernetesVersion } from '../version.ts';
import { virtualHandler } from '../virtual/index.ts';

/** What the process uses, told by whoever can see it. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Seconds since 1970. */
  readonly startedAt: number;
  /** The size of the file that holds the state; absent where there is none. */
  readonly databaseBytes?: number;
}

const contentType = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

export function metricsPaths(
  server: Server,
  metrics: Metrics,
  sources: { readonly healthChecks: readonly HealthCheck[]; readonly processUse?: (() => ProcessUse) | undefined },
): ReadonlyMap<string, PathAnswer> {
  const indicators = createMetrics();
  for (const each of [metrics, indicators]) healthMetrics(each, sources.healthChecks);
  storageMetrics(metrics, server);
  buildMetrics(metrics);
  featureMetrics(metrics, server.admissionWorld.enabled);
  metaMetrics(metrics);
  if (sources.processUse) processMetrics(metrics, sources.processUse);
  const shown =
    (what: Metrics): PathAnswer =>
    async () => ({
      status: 200,
      headers: { 'content-type': contentType },
      body: { type: 'bytes', bytes: utf8(await what.text()) },
    });
  return new Map([
    ['/metrics', shown(metrics)],
    ['/metrics/slis', shown(indicators)],
  ]);
}

/** Each check is asked when somebody looks, and counted as asked then. */
function healthMetrics(metrics: Metrics, checks: readonly HealthCheck[]): void {
  const results = metrics.counter({
    name: 'kubernetes_healthchecks_total',
    stability: 'STABLE',
    help: 'This metric records the results of all healthcheck.',
    labels: ['name', 'type', 'status'],
  });
  metrics.asked(
    {
      name: 'kubernetes_healthcheck',
      stability: 'STABLE',
      help: 'This metric records the result of a single healthcheck.',
      type: 'gauge',
      labels: ['name', 'type'],
    },
    () =>
      checks.flatMap((check) => {
        const well = check.check() === undefined;
        return check.in.map((type) => {
          results(check.name, type, well ? 'success' : 'error').add();
          return { values: [check.name, type], value: well ? 1 : 0 };
        });
      }),
  );
}

function storageMetrics(metrics: Metrics, { catalog, store }: Server): void {
  const help =
    'Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.';
  const counts = async (): Promise<(readonly [Kind, number])[]> => {
    const stored = catalog.kinds().filter((kind) => !kind.storedAs && !virtualHandler(kind));
    return Promise.all(
      stored.map(async (kind) => {
        const { entries, remaining } = await store.list({ prefix: prefixOf(kind), limit: 1 });
        return [kind, entries.length + remaining] as const;
      }),
    );
  };
  metrics.asked(
    {
      name: 'apiserver_storage_objects',
      stability: 'STABLE',
      deprecatedVersion: '1.34.0',
      help: `[DEPRECATED, consider using apiserver_resource_objects instead] ${help}`,
      type: 'gauge',
      labels: ['resource'],
    },
    async () => (await counts()).map(([kind, value]) => ({ values: [resourceKey(kind)], value })),
  );
  metrics.asked(
    {
      name: 'apiserver_resource_objects',
      stability: 'ALPHA',
      help: `${help}`,
      type: 'gauge',
      labels: ['group', 'resource'],
    },
    async () => (await counts()).map(([kind, value]) => ({ values: [kind.group, kind.plural], value })),
  );
}

function buildMetrics(metrics: Metrics): void {
  const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } =
    kubernetesVersion;
  const values = { major, minor, git_version: gitVersion, git_commit: gitCommit, git_tree_state: gitTreeState };
  const labels = { ...values, build_date: buildDate, go_version: goVersion, compiler, platform };
  metrics.asked(
    {
      name: 'kubernetes_build_info',
      stability: 'BETA',
      help: "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      type: 'gauge',
      labels: Object.keys(labels),
    },
    () => [{ values: Object.values(labels), value: 1 }],
  );
}

const stages: Readonly<Record<GateStage, string>> = {
  alpha: 'ALPHA',
  beta: 'BETA',
  stable: '',
  deprecated: 'DEPRECATED',
};

/** Gates do not change while a server runs. */
function featureMetrics(metrics: Metrics, enabled: (gate: string) => boolean): void {
  const enablement = metrics.gauge({
    name: 'kubernetes_feature_enabled',
    stability: 'BETA',
    help: 'This metric records the data about the stage and enablement of a k8s feature.',
    labels: ['name', 'stage'],
  });
  for (const [name, { stage }] of featureGates) enablement(name, stages[stage]).set(enabled(name) ? 1 : 0);
}

/** What there is to be counted. Nothing is ever turned off or hidden. */
function metaMetrics(metrics: Metrics): void {
  const stability = 'BETA';
  metrics.asked(
    {
      name: 'registered_metrics_total',
      stability,
      help: 'The count of registered metrics broken by stability level and deprecation version.',
      type: 'counter',
      labels: ['stability_level', 'deprecated_version'],
    },
    () =>
      [...Map.groupBy(metrics.specs().filter(isPromised), levelOf)].map(([level, specs]) => ({
        values: level.split(' '),
        value: specs.length,
      })),
  );
  metrics.counter({ name: 'disabled_metrics_total', stability, help: 'The count of disabled metrics.', labels: [] })();
  metrics.counter({ name: 'hidden_metrics_total', stability, help: 'The count of hidden metrics.', labels: [] })();
}

/** What tells of the process is Prometheus' own. */
const isPromised = ({ stability }: MetricSpec): boolean => stability !== undefined;

const levelOf = ({ stability, deprecatedVersion = '' }: MetricSpec): string =>
  `${stability ?? ''} ${deprecatedVersion}`;

function processMetrics(metrics: Metrics, use: () => ProcessUse): void {
  metrics.asked(
    {
      name: 'apiserver_storage_size_bytes',
      stability: 'STABLE',
      help: 'Size of the storage database file physically allocated in bytes.',
      type: 'gauge',
      labels: ['storage_cluster_id'],
    },
    () => {
      const { databaseBytes } = use();
      // The name that Kubernetes gives its first database.
      return databaseBytes === undefined ? [] : [{ values: ['etcd-0'], value: databaseBytes }];
    },
  );
  const shown = (name: string, help: string, type: 'gauge' | 'counter', read: (use: ProcessUse) => number) =>
    metrics.asked({ name, help, type, labels: [] }, () => [{ values: [], value: read(use()) }]);
  shown(
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    'counter',
    (each) => each.cpuSeconds,
  );
  shown('process_resident_memory_bytes', 'Resident memory size in bytes.', 'gauge', (each) => each.residentBytes);
  shown(
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    'gauge',
    (each) => each.startedAt,
  );
}
