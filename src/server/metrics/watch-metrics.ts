// What is counted of changes and of those who follow them, under the names Kubernetes promises to keep.

import type { Duration } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Kind } from '../../api/kind.ts';
import type { ResourceTarget } from '../exchange.ts';
import { scopeOf } from './request-metrics.ts';

export interface WatchMetrics {
  /** The store has told of changes of a kind. */
  received(kind: Kind, changes: number): void;
  /** A watch has told of all there was before, so long after it was asked for. */
  listed(target: ResourceTarget, elapsed: Duration): void;
}

export function watchMetrics(metrics: Metrics): WatchMetrics {
  const received = metrics.counter({
    name: 'apiserver_storage_events_received_total',
    stability: 'BETA',
    help: 'Number of etcd events received split by kind.',
    labels: ['group', 'resource'],
  });
  const lists = metrics.histogram({
    name: 'apiserver_watch_list_duration_seconds',
    stability: 'BETA',
    help: 'Response latency distribution in seconds for watch list requests broken by group, version, resource and scope.',
    labels: ['group', 'version', 'resource', 'scope'],
    buckets: [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
  });
  return {
    received: ({ group, plural }, changes) => received(group, plural).add(changes),
    listed: (target, elapsed) =>
      lists(target.group, target.version, target.resource, scopeOf(target)).observe(elapsed / 1000),
  };
}
