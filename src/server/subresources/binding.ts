// pods/binding: the scheduler's word where a pod runs. Once said, it stays.

import { formatTime } from '../../base/time.ts';
import type { Kind } from '../../api/kind.ts';
import { ApiError, badRequest, conflict } from '../../api/status.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { copyOf, type Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { type WriteOptions, writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { admit, attributesOf, type WriteContext, writeContext } from '../verbs/commit.ts';
import { requireNamespace } from '../verbs/create.ts';
import { preconditionFailed } from '../verbs/precondition.ts';
import { modify } from '../verbs/modify.ts';
import type { Result } from '../verbs/result.ts';
import { created, expectedBy, readBody, requireSameName } from './body.ts';

interface Target {
  readonly kind?: string;
  readonly name?: string;
}

export async function binding(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const options = bindingOptions(exchange);
  const body = readBody(exchange, expectedBy(target), options);
  requireNamespace(target, body);
  return bindPod(server, body, writeContext(exchange, target, options));
}

export const bindingOptions = ({ request }: Exchange): WriteOptions =>
  writeOptions('CreateOptions', request.query, request.headers['user-agent']);

/** Binds the pod that the body names, once admission lets it pass as what the context's target says. */
export async function bindPod(server: Server, body: Draft, context: WriteContext): Promise<Result> {
  const { target, dryRun } = context;
  const attributes = attributesOf(context, 'CREATE', target.name, body, undefined);
  await admit(server, 'mutate', attributes);
  requireSameName(body, target, 'Binding');
  const node = nodeOf(body.target as Target | undefined);
  await admit(server, 'validate', attributes);
  if (target.name === '') throw badRequest('Name parameter required.');
  await modify(server, {
    kind: Pod as unknown as Kind,
    namespace: target.namespace,
    name: target.name,
    dryRun,
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

/** A binding may say which pod it means, and in which state. */
function requirePreconditions({ metadata }: Pod, { metadata: { uid, resourceVersion } }: Draft): void {
  const { name = '', namespace } = metadata;
  const refuse = (why: string) => preconditionFailed({ group: '', resource: 'pods' }, name, `pods/${namespace}`, why);
  if (uid && uid !== metadata.uid) throw refuse(`UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    const seen = `ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw refuse(`ResourceVersion in precondition: ${resourceVersion}, ${seen}`);
  }
}

function bind(pod: Draft & Pod, node: string, body: Draft, now: string): void {
  const { name = '' } = pod.metadata;
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why);
  requirePreconditions(pod, body);
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
