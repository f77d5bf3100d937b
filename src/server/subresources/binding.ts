// pods/binding: the scheduler's word where a pod runs. Once said, it stays.

import { formatTime } from '../../base/time.ts';
import { ApiError, conflict } from '../../api/status.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { copyOf, type Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { admit, attributesOf, writeContext } from '../verbs/commit.ts';
import { modify } from '../verbs/modify.ts';
import type { Result } from '../verbs/result.ts';
import { created, expectedBy, readBody, requireSameName } from './body.ts';

interface Target {
  readonly kind?: string;
  readonly name?: string;
}

export async function binding(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const options = writeOptions('CreateOptions', exchange.request.query, exchange.request.headers['user-agent']);
  const body = readBody(exchange, expectedBy(target), options);
  requireSameName(body, target, 'Binding');
  const node = nodeOf(body.target as Target | undefined);
  const attributes = attributesOf(writeContext(exchange, target, options), 'CREATE', target.name, body, undefined);
  await admit(server, 'mutate', attributes);
  await admit(server, 'validate', attributes);
  await modify(server, {
    kind: target.served.kind,
    namespace: target.namespace,
    name: target.name,
    dryRun: options.dryRun,
    change: (draft) => bind(draft as Draft & Pod, node, body, formatTime(server.clock.now())),
  });
  return { type: 'other', code: 201, object: created() };
}

function nodeOf({ kind = '', name = '' }: Target = {}): string {
  if (kind !== '' && kind !== 'Node') {
    throw new ApiError(
      500,
      '',
      `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`,
    );
  }
  if (name === '') throw new ApiError(500, '', 'target.name: Required value');
  return name;
}

function bind(pod: Draft & Pod, node: string, body: Draft, now: string): void {
  const { name = '' } = pod.metadata;
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why);
  const { uid } = body.metadata;
  if (uid && uid !== pod.metadata.uid) {
    throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
  }
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec.nodeName = node;
  const { annotations, labels } = body.metadata;
  if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...copyOf(annotations) };
  if (labels) pod.metadata.labels = { ...pod.metadata.labels, ...copyOf(labels) };
  const status = (pod.status ??= {}) as NonNullable<Pod['status']>;
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const before = (status.conditions ?? []).find(({ type }) => type === 'PodScheduled');
  const condition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: before?.status === 'True' ? before.lastTransitionTime : now,
  };
  status.conditions = [...others, condition] as never;
}
