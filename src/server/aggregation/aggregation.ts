// The API services that other servers answer for: found by group and version, and what is known of what they serve.

import type { Mirror } from '../../api/mirror.ts';
import { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { AdmissionWorld } from '../admission/plugin.ts';
import type { RemoteDiscovery } from './remote-discovery.ts';

export interface Aggregation {
  /** Begins to follow them. */
  open(): Promise<void>;
  /** The API service that a path belongs to, where another server answers for it. Costs next to nothing where there is none. */
  find(path: string): APIService | undefined;
  /** All that other servers answer for, in no particular order. */
  remote(): readonly APIService[];
  /** Every API service there is, for the order of groups. */
  all(): readonly APIService[];
  /** What a remote one serves, as far as it was ever told. */
  readonly known: Map<string, RemoteDiscovery>;
  /** Called when what is known has changed. */
  subscribe(changed: () => void): () => void;
  /** To be called by whoever changes `known`. */
  changed(): void;
}

export function createAggregation(mirrorOf: AdmissionWorld['mirror']): Aggregation {
  let mirror: Mirror<APIService> | undefined;
  let remote: ReadonlyMap<string, APIService> = new Map();
  const subscribers = new Set<() => void>();
  const known = new Map<string, RemoteDiscovery>();
  const changed = () => {
    for (const subscriber of [...subscribers]) subscriber();
  };
  function refresh(): void {
    const before = remote;
    remote = new Map(
      (mirror?.list() ?? []).flatMap((each) => (each.spec.service ? [[each.metadata.name ?? '', each] as const] : [])),
    );
    for (const name of known.keys()) if (!remote.has(name)) known.delete(name);
    if (before.size > 0 || remote.size > 0) changed();
  }
  return {
    known,
    changed,
    async open() {
      mirror = await mirrorOf(APIService);
      mirror.subscribe(refresh);
      refresh();
    },
    find(path) {
      if (remote.size === 0 || !path.startsWith('/apis/')) return undefined;
      const [group, version] = path.slice('/apis/'.length).split('/', 2);
      return group && version ? remote.get(`${version}.${group}`) : undefined;
    },
    remote: () => [...remote.values()],
    all: () => mirror?.list() ?? [],
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
  };
}
