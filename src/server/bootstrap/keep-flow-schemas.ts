// Tells every FlowSchema whether its priority level is there. Part of the API server, with or without controllers.

import { deepEqual } from '../../base/equal.ts';
import { createQueue } from '../../base/queue.ts';
import { formatTime } from '../../base/time.ts';
import { ApiError } from '../../api/status.ts';
import { type Client, referenceTo } from '../../client/client.ts';
import { FlowSchema } from '../../kinds/flowcontrol/flow-schema.ts';
import { PriorityLevelConfiguration } from '../../kinds/flowcontrol/priority-level-configuration.ts';
import type { Server } from '../server.ts';
import { consumer, danglingOf } from './dangling.ts';

/** One that could not be told is looked at again after this long, in milliseconds. */
const retryAfter = 1000;

/** Follows them until stopped. */
export async function keepFlowSchemas({ admissionWorld, clock, log }: Server, client: Client): Promise<() => void> {
  const [schemas, levels] = await Promise.all([
    admissionWorld.mirror(FlowSchema),
    admissionWorld.mirror(PriorityLevelConfiguration),
  ]);
  const asConsumer = client.as(consumer);
  const queue = createQueue(clock, () => void Promise.resolve().then(work));
  const addAll = () => schemas.list().forEach(({ metadata }) => queue.add(metadata.name ?? ''));
  const stops = [
    schemas.subscribe((changes) => {
      for (const { object } of changes) if (object) queue.add(object.metadata.name ?? '');
    }),
    levels.subscribe((changes) => {
      // Only that a level comes or goes makes a difference.
      if (changes.some(({ object, previous }) => !object || !previous)) addAll();
    }),
  ];
  addAll();

  async function work(): Promise<void> {
    for (let name = queue.take(); name !== undefined; name = queue.take()) {
      const key = name;
      await tell(key).catch((error: unknown) => {
        if (!(error instanceof ApiError))
          log.error('a flow schema could not be told', { name: key, error: String(error) });
        queue.add(key, retryAfter);
      });
      queue.done(key);
    }
  }

  async function tell(name: string): Promise<void> {
    const schema = schemas.get(name);
    if (!schema) return;
    const exists = levels.get(schema.spec.priorityLevelConfiguration.name) !== undefined;
    const condition = danglingOf(schema, exists, formatTime(clock.now()));
    if (
      deepEqual(
        schema.status?.conditions?.find(({ type }) => type === 'Dangling'),
        condition,
      )
    )
      return;
    await asConsumer.patch(
      FlowSchema,
      referenceTo(schema),
      {
        apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
        kind: 'FlowSchema',
        metadata: { name },
        status: { conditions: [condition] },
      },
      { type: 'apply', subresource: 'status', fieldManager: consumer, force: true },
    );
  }

  return () => {
    for (const stop of stops) stop();
    queue.stop();
  };
}
