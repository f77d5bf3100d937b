// Looks after the API services that other servers answer for: whether they do, again and again, and what they serve.

import { deepEqual } from '../../base/equal.ts';
import { createQueue } from '../../base/queue.ts';
import type { Mirror } from '../../api/mirror.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import { APIService } from '../../kinds/apiregistration/api-service.ts';
import { Service } from '../../kinds/core/service.ts';
import { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import { slicesOf } from '../outgoing/service-endpoint.ts';
import type { Server } from '../server.ts';
import { checkDiscovery, conditionsAfter, planAvailability } from './availability.ts';
import { learn } from './remote-discovery.ts';

/** Each is looked at this often, in milliseconds, and one that does not answer after ever longer times up to that. */
const resyncEvery = 30_000;
const firstRetry = 5;

/** Follows them until stopped. */
export async function keepAvailability(server: Server, client: Client): Promise<() => void> {
  const { aggregation, admissionWorld, remote, clock, log } = server;
  await aggregation.open();
  const [apis, services, slices] = await Promise.all([
    admissionWorld.mirror(APIService),
    admissionWorld.mirror(Service),
    admissionWorld.mirror(EndpointSlice),
  ]);
  const failures = new Map<string, number>();
  const queue = createQueue(clock, () => void Promise.resolve().then(work));
  const stops = [
    // What is written of one here is no reason to look again.
    follow(apis, (api, before) => {
      if (api.spec.service && !(before && deepEqual(api.spec, before.spec))) queue.add(api.metadata.name ?? '');
    }),
    follow(services, ({ metadata }) => addThoseOf(metadata.namespace, metadata.name)),
    follow(slices, ({ metadata }) => addThoseOf(metadata.namespace, metadata.labels?.['kubernetes.io/service-name'])),
  ];
  for (const { metadata } of aggregation.remote()) queue.add(metadata.name ?? '');

  function addThoseOf(namespace: string | undefined, name: string | undefined): void {
    for (const { metadata, spec } of aggregation.remote()) {
      if (spec.service?.name === name && spec.service?.namespace === namespace) queue.add(metadata.name ?? '');
    }
  }

  async function work(): Promise<void> {
    for (let name = queue.take(); name !== undefined; name = queue.take()) void lookAt(name);
  }

  async function lookAt(name: string): Promise<void> {
    const well = await check(name).catch((error: unknown) => {
      if (!(error instanceof ApiError))
        log.error('an API service could not be looked at', { name, error: String(error) });
      return false;
    });
    queue.done(name);
    if (well === undefined) failures.delete(name);
    else queue.add(name, delayAfter(name, well));
  }

  function delayAfter(name: string, well: boolean): number {
    const count = well ? 0 : (failures.get(name) ?? 0) + 1;
    failures.set(name, count);
    return well ? resyncEvery : Math.min(firstRetry * 2 ** (count - 1), resyncEvery);
  }

  /** Whether it answers; undefined where it need not be looked at again before something changes. */
  async function check(name: string): Promise<boolean | undefined> {
    const api = apis.get(name);
    if (!api?.spec.service) return undefined;
    const { name: service = '', namespace = '' } = api.spec.service;
    const behind = await slicesOf(admissionWorld, namespace, service);
    const known = planAvailability(api, services.get(service, namespace), behind);
    const availability = known ?? (await checkDiscovery(remote, api));
    if (availability.status === 'True') await ask(name, api);
    const current = apis.get(name);
    if (!current?.spec.service || current.metadata.uid !== api.metadata.uid) return undefined;
    const conditions = conditionsAfter(current, availability, clock.now());
    if (conditions !== current.status?.conditions)
      await client.updateStatus(APIService, { ...current, status: { ...current.status, conditions } });
    return known ? undefined : availability.status === 'True';
  }

  /** What it serves is asked with every look: it may have changed. */
  async function ask(name: string, api: APIService): Promise<void> {
    const before = aggregation.known.get(name);
    const learnt = await learn(remote, api).catch((error: unknown) => {
      log.warn('an API service does not say what it serves', { name, error: String(error) });
      return undefined;
    });
    if (!learnt || JSON.stringify(learnt) === JSON.stringify(before)) return;
    aggregation.known.set(name, learnt);
    aggregation.changed();
  }

  return () => {
    for (const stop of stops) stop();
    queue.stop();
  };
}

const follow = <T extends APIService | Service | EndpointSlice>(
  mirror: Mirror<T>,
  act: (object: T, previous: T | undefined) => void,
) =>
  mirror.subscribe((changes) => {
    for (const { object, previous } of changes) {
      const changed = object ?? previous;
      if (changed) act(changed, object && previous);
    }
  });
