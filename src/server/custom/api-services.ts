// An APIService for every group version of custom kinds, made and taken away with them.

import { deepEqual } from '../../base/equal.ts';
import { createQueue } from '../../base/queue.ts';
import { formatTime } from '../../base/time.ts';
import type { Mirror } from '../../api/mirror.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import type { CustomResourceDefinition } from '../../kinds/apiextensions/custom-resource-definition.ts';
import { APIService } from '../../kinds/apiregistration/api-service.ts';
import { available } from '../bootstrap/api-services.ts';
import type { Server } from '../server.ts';

/** Marks those that are kept in step, as upstream marks them. */
const automanaged = 'kube-aggregator.kubernetes.io/automanaged';

const retryAfter = 1000;

/** Follows the definitions until stopped. */
export async function keepApiServices(
  server: Server,
  client: Client,
  definitions: Mirror<CustomResourceDefinition>,
): Promise<() => void> {
  const mirror = (await server.caches.of(APIService as never)).mirror as unknown as Mirror<APIService>;
  const queue = createQueue(server.clock, () => void Promise.resolve().then(work));
  const stops = [
    mirror.subscribe((changes) => {
      for (const { object, previous } of changes) queue.add((object ?? previous)?.metadata.name ?? '');
    }),
    definitions.subscribe((changes) => {
      for (const { object, previous } of changes) {
        for (const definition of [object, previous]) if (definition) addVersionsOf(definition);
      }
    }),
  ];
  for (const definition of definitions.list()) addVersionsOf(definition);
  for (const { metadata } of mirror.list()) queue.add(metadata.name ?? '');

  function addVersionsOf({ spec }: CustomResourceDefinition): void {
    for (const { name } of spec.versions) queue.add(`${name}.${spec.group}`);
  }

  async function work(): Promise<void> {
    for (let name = queue.take(); name !== undefined; name = queue.take()) {
      const failed = await keep(name).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof ApiError))
            server.log.error('an API service could not be kept', { name, error: String(error) });
          return true;
        },
      );
      queue.done(name);
      if (failed) queue.add(name, retryAfter);
    }
  }

  async function keep(name: string): Promise<void> {
    const present = mirror.get(name);
    const wanted = planApiService(name, definitions.list());
    const ours = present?.metadata.labels?.[automanaged] === 'true';
    if (present && !wanted && ours) await client.delete(APIService, { name, namespace: '' });
    if (present && wanted && ours && !deepEqual(present.spec, wanted.spec))
      await client.update(APIService, { ...present, spec: wanted.spec });
    if (present || !wanted) return;
    const made = await client.create(APIService, wanted);
    await client.updateStatus(APIService, {
      ...made,
      status: { conditions: [available(formatTime(server.clock.now()))] },
    });
  }

  return () => {
    for (const stop of stops) stop();
    queue.stop();
  };
}

/** The API service `v1.example.com`, where an established definition has that version. */
export function planApiService(name: string, definitions: readonly CustomResourceDefinition[]): APIService | undefined {
  const dot = name.indexOf('.');
  const [version, group] = [name.slice(0, dot), name.slice(dot + 1)];
  const served = definitions.some(
    ({ spec, status }) =>
      spec.group === group &&
      spec.versions.some((each) => each.name === version && each.served) &&
      (status?.conditions ?? []).some((condition) => condition.type === 'Established' && condition.status === 'True'),
  );
  if (!served) return undefined;
  return {
    metadata: { name, labels: { [automanaged]: 'true' } },
    spec: { group, version, groupPriorityMinimum: 1000, versionPriority: 100 },
  };
}
