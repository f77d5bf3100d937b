// What is counted of requests, under the names Kubernetes promises to keep: how many, how long, how large, how many at a time.

import type { Clock } from '../../base/clock.ts';
import type { Count, Histogram, Metrics } from '../../base/metrics.ts';
import type { ApiResponse, WatchSource } from '../../api/request.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { isConnection } from '../subresources/index.ts';

export interface RequestMetrics {
  /** Called for every request, after it was resolved; the result is called with its answer. */
  begin(exchange: Exchange): (response: ApiResponse) => ApiResponse;
}

const where = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;
const component = 'apiserver';

const durations = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const sizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

export function requestMetrics(metrics: Metrics, clock: Clock): RequestMetrics {
  const total = metrics.counter({
    name: 'apiserver_request_total',
    stability: 'STABLE',
    help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
    labels: [...where, 'dry_run', 'code'],
  });
  const duration = metrics.histogram({
    name: 'apiserver_request_duration_seconds',
    stability: 'STABLE',
    help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
    labels: [...where, 'dry_run'],
    buckets: durations,
  });
  const size = metrics.histogram({
    name: 'apiserver_response_sizes',
    stability: 'STABLE',
    help: 'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
    labels: where,
    buckets: sizes,
  });
  const longRunning = metrics.gauge({
    name: 'apiserver_longrunning_requests',
    stability: 'STABLE',
    help: 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
    labels: where,
  });
  const deprecated = metrics.gauge({
    name: 'apiserver_requested_deprecated_apis',
    stability: 'STABLE',
    help: 'Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.',
    labels: ['group', 'version', 'resource', 'subresource', 'removed_release'],
  });
  const inflight = { mutating: peakOf(clock), readOnly: peakOf(clock) };
  metrics.asked(
    {
      name: 'apiserver_current_inflight_requests',
      stability: 'STABLE',
      help: 'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
      type: 'gauge',
      labels: ['request_kind'],
    },
    () => Object.entries(inflight).map(([kind, peak]) => ({ values: [kind], value: peak.recent() })),
  );

  /** What a request is counted by, found once for each place. */
  const byPlace = new Map<string, RequestCounts>();
  function countsOf(place: Place, dryRun: string, status: number): RequestCounts {
    const key = `${place.join(' ')} ${dryRun} ${status}`;
    const known = byPlace.get(key);
    if (known) return known;
    const found = {
      total: total(...place, dryRun, String(status)),
      duration: duration(...place, dryRun),
      size: place[0] === 'GET' || place[0] === 'LIST' ? size(...place) : undefined,
    };
    if (byPlace.size < mostCounts) byPlace.set(key, found);
    return found;
  }

  return {
    begin(exchange) {
      const startedAt = clock.elapsed();
      const { method } = exchange.request;
      const peak = method === 'GET' || method === 'HEAD' ? inflight.readOnly : inflight.mutating;
      peak.rise();
      return (response) => {
        peak.fall();
        const place = placeOf(exchange);
        const dryRun = exchange.request.query.has('dryRun') ? 'All' : '';
        const counts = countsOf(place, dryRun, response.status);
        counts.total.add();
        counts.duration.observe((clock.elapsed() - startedAt) / 1000);
        if (counts.size) observeSize(response, counts.size);
        tellDeprecated(exchange, deprecated);
        return followed(response, () => longRunning(...place));
      };
    },
  };
}

/** So many places are remembered. */
const mostCounts = 10_000;

interface RequestCounts {
  readonly total: Count;
  readonly duration: Histogram;
  readonly size: Histogram | undefined;
}

function observeSize({ body }: ApiResponse, into: { observe(value: number): void }): void {
  if (body.type === 'bytes' || (body.type === 'object' && body.bytes)) into.observe(body.bytes?.length ?? 0);
}

function tellDeprecated(
  { target }: Exchange,
  gauge: (...values: readonly string[]) => { set(value: number): void },
): void {
  if (target.type !== 'resource' || target.served.kind.custom || !target.served.version.deprecation) return;
  const [removed = ''] = /(?<=unavailable in v)[\d.]+(?=\+)/.exec(target.served.version.deprecation) ?? [];
  gauge(target.group, target.version, target.resource, target.subresource, removed).set(1);
}

/** A watch counts as running until it ends, whoever ends it. */
function followed(response: ApiResponse, find: () => Count): ApiResponse {
  const { body } = response;
  if (body.type === 'object' || body.type === 'bytes') return response;
  const running = find();
  if (body.type === 'stream') return { ...response, body: { ...body, chunks: counted(body.chunks, running) } };
  if (body.type === 'events') return { ...response, body: { ...body, events: counted(body.events, running) } };
  const { upgrade } = body;
  return {
    ...response,
    body: {
      ...body,
      upgrade: {
        ...upgrade,
        async serve(connection) {
          running.add();
          await upgrade.serve(connection);
          running.add(-1);
        },
      },
    },
  };
}

function counted<E>(source: WatchSource<E>, running: Count): WatchSource<E> {
  return {
    subscribe(sink, end) {
      let open = true;
      const close = () => {
        if (open) running.add(-1);
        open = false;
      };
      running.add();
      const stop = source.subscribe(sink, () => {
        close();
        end();
      });
      return () => {
        close();
        stop();
      };
    },
  };
}

type Place = readonly [string, string, string, string, string, string, string];

const methodNames: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT' };
/** Paths besides resources that upstream counts under their own names. */
const namedPaths = new Set(['/healthz', '/livez', '/readyz']);

/** Where a request went, as the labels say it; what nobody serves is not told apart, so that nobody can make up labels. */
function placeOf({ target, request }: Exchange): Place {
  if (target.type === 'path') {
    const path = namedPaths.has(target.path) ? target.path : '';
    return [knownMethods.has(request.method) ? request.method : 'other', '', '', '', path, '', component];
  }
  const { group, version, resource, subresource } = target;
  const shown = verbOf(target, request.headers['content-type']);
  return [shown, group, version, resource, subresource, scopeOf(target), component];
}

export function scopeOf({ name, verb, namespace }: ResourceTarget): 'resource' | 'namespace' | 'cluster' {
  if (name !== '' || verb === 'create') return 'resource';
  return namespace !== '' ? 'namespace' : 'cluster';
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function verbOf(target: ResourceTarget, contentType = ''): string {
  const { verb, subresource } = target;
  if (isConnection(subresource) || subresource === 'log') return 'CONNECT';
  if (verb === 'patch' && contentType.startsWith('application/apply-patch')) return 'APPLY';
  return methodNames[verb] ?? (verb || 'other').toUpperCase();
}

/** How many there were at a time, at the most, in this second or the last. */
function peakOf(clock: Clock) {
  let [now, highest, before, second] = [0, 0, 0, 0];
  const turn = () => {
    const current = Math.floor(clock.elapsed() / 1000);
    if (current === second) return;
    before = current === second + 1 ? highest : now;
    [second, highest] = [current, now];
  };
  return {
    rise() {
      turn();
      highest = Math.max(highest, ++now);
    },
    fall() {
      turn();
      now--;
    },
    recent() {
      turn();
      return Math.max(highest, before);
    },
  };
}
