// How requests are sorted and how many of a sort may run at once, as every cluster begins (documentation, "API Priority and Fairness").

import type { Client } from '../../client/client.ts';
import { FlowSchema } from '../../kinds/flowcontrol/flow-schema.ts';
import { PriorityLevelConfiguration } from '../../kinds/flowcontrol/priority-level-configuration.ts';
import { danglingOf } from './dangling.ts';
import { ensure } from './ensure.ts';

type Level = PriorityLevelConfiguration['spec'];
type Rule = NonNullable<FlowSchema['spec']['rules']>[number];
type Subject = Rule['subjects'][number];
type ResourceRule = NonNullable<Rule['resourceRules']>[number];

/** Signs what it makes in managed fields. */
const agent = 'api-priority-and-fairness-config-producer-v1';
/** Set to false on an object that is to be left alone. */
const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

export async function defaultFlowControl(client: Client): Promise<void> {
  const producer = client.as(agent);
  const levels = Object.entries(priorityLevels).map(([name, spec]) => ({ metadata: { name, annotations }, spec }));
  const schemas = Object.entries(flowSchemas).map(([name, spec]) => ({ metadata: { name, annotations }, spec }));
  await Promise.all([
    ensure(producer, { kind: PriorityLevelConfiguration, objects: levels }),
    ensure(producer, { kind: FlowSchema, objects: schemas, status: withItsLevel }),
  ]);
}

/** Says that the level a schema names is there. */
const withItsLevel = (schema: FlowSchema): FlowSchema => ({
  ...schema,
  status: { conditions: [danglingOf(schema, true, schema.metadata.creationTimestamp ?? '')] },
});

const queuing = (queues: number, handSize: number) => ({
  type: 'Queue',
  queuing: { queues, handSize, queueLengthLimit: 50 },
});

const limited = (nominalConcurrencyShares: number, lendablePercent: number, limitResponse: object): Level =>
  ({ type: 'Limited', limited: { nominalConcurrencyShares, lendablePercent, limitResponse } }) as Level;

const priorityLevels: Readonly<Record<string, Level>> = {
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'catch-all': limited(5, 0, { type: 'Reject' }),
  system: limited(30, 33, queuing(64, 6)),
  'node-high': limited(40, 25, queuing(64, 6)),
  'leader-election': limited(10, 0, queuing(16, 4)),
  'workload-high': limited(40, 50, queuing(128, 6)),
  'workload-low': limited(100, 90, queuing(128, 6)),
  'global-default': limited(20, 50, queuing(128, 6)),
};

const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const account = (name: string): Subject => ({
  kind: 'ServiceAccount',
  serviceAccount: { namespace: 'kube-system', name },
});

const everybody = [group('system:unauthenticated'), group('system:authenticated')];
const anyPath = { verbs: ['*'], nonResourceURLs: ['*'] };
const anyResource: ResourceRule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  namespaces: ['*'],
  clusterScope: true,
};
const inNamespaces = (verbs: string[], apiGroup: string, resources: string[]): ResourceRule => ({
  verbs,
  apiGroups: [apiGroup],
  resources,
  namespaces: ['*'],
});
const anything = (...subjects: Subject[]): Rule => ({
  subjects,
  resourceRules: [anyResource],
  nonResourceRules: [anyPath],
});
const leases = inNamespaces(['get', 'create', 'update'], 'coordination.k8s.io', ['leases']);

const schema = (
  matchingPrecedence: number,
  level: string,
  by: 'ByUser' | 'ByNamespace' | undefined,
  rule: Rule,
): FlowSchema['spec'] => ({
  matchingPrecedence,
  priorityLevelConfiguration: { name: level },
  ...(by && { distinguisherMethod: { type: by } }),
  rules: [rule],
});

const flowSchemas: Readonly<Record<string, FlowSchema['spec']>> = {
  exempt: schema(1, 'exempt', undefined, anything(group('system:masters'))),
  probes: schema(2, 'exempt', undefined, {
    subjects: everybody,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  'system-leader-election': schema(100, 'leader-election', 'ByUser', {
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), account('*')],
    resourceRules: [leases],
  }),
  'endpoint-controller': schema(150, 'workload-high', 'ByUser', {
    subjects: [
      user('system:kube-controller-manager'),
      account('endpoint-controller'),
      account('endpointslicemirroring-controller'),
    ],
    resourceRules: [inNamespaces(['get', 'create', 'update'], '', ['endpoints'])],
  }),
  'workload-leader-election': schema(200, 'leader-election', 'ByUser', {
    subjects: [account('*')],
    resourceRules: [leases],
  }),
  'system-node-high': schema(400, 'node-high', 'ByUser', {
    subjects: [group('system:nodes')],
    resourceRules: [
      { ...inNamespaces(['*'], '', ['nodes', 'nodes/status']), clusterScope: true },
      inNamespaces(['*'], 'coordination.k8s.io', ['leases']),
    ],
  }),
  'system-nodes': schema(500, 'system', 'ByUser', anything(group('system:nodes'))),
  'kube-controller-manager': schema(
    800,
    'workload-high',
    'ByNamespace',
    anything(user('system:kube-controller-manager')),
  ),
  'kube-scheduler': schema(800, 'workload-high', 'ByNamespace', anything(user('system:kube-scheduler'))),
  'kube-system-service-accounts': schema(900, 'workload-high', 'ByNamespace', anything(account('*'))),
  'service-accounts': schema(9000, 'workload-low', 'ByUser', anything(group('system:serviceaccounts'))),
  'global-default': schema(9900, 'global-default', 'ByUser', anything(...everybody)),
  'catch-all': schema(10_000, 'catch-all', 'ByUser', anything(...everybody)),
};
