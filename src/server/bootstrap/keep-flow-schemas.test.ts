import { expect, test } from 'vitest';
import { bareServer } from '../../../test/support/bare-server.ts';
import { FlowSchema } from '../../kinds/flowcontrol/flow-schema.ts';
import { PriorityLevelConfiguration } from '../../kinds/flowcontrol/priority-level-configuration.ts';
import { keepFlowSchemas } from './keep-flow-schemas.ts';

test('a flow schema says whether its priority level is there, as levels come and go', async () => {
  const { client, server, clock } = await bareServer();
  const stop = await keepFlowSchemas(server, client);
  const condition = async () => {
    await clock.advance(1);
    const { metadata, status } = await client.get(FlowSchema, 'mine');
    const by = metadata.managedFields?.find(({ subresource }) => subresource === 'status');
    const { status: is, reason, message } = status?.conditions?.[0] ?? {};
    return { is, reason, message, by: by?.manager, operation: by?.operation };
  };
  await client.create(FlowSchema, {
    metadata: { name: 'mine' },
    spec: { priorityLevelConfiguration: { name: 'slow' }, matchingPrecedence: 500 },
  });
  const reference = 'This FlowSchema references the PriorityLevelConfiguration object named "slow"';
  const signed = { by: 'api-priority-and-fairness-config-consumer-v1', operation: 'Apply' };
  const missing = { is: 'True', reason: 'NotFound', message: `${reference} but there is no such object`, ...signed };
  expect(await condition()).toEqual(missing);
  await client.create(PriorityLevelConfiguration, {
    metadata: { name: 'slow' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  } as never);
  expect(await condition()).toEqual({ is: 'False', reason: 'Found', message: `${reference} and it exists`, ...signed });
  await client.delete(PriorityLevelConfiguration, { name: 'slow', namespace: '' });
  expect(await condition()).toEqual(missing);
  stop();
});
