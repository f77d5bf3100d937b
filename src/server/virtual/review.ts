// What all reviews have in common: the question is read like any object to be created, answered, and forgotten.

import type { KubeObject } from '../../api/object.ts';
import { draftOf, expectedOf, parseBody } from '../body.ts';
import type { Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { admit, attributesOf, ownFields, writeContext } from '../verbs/commit.ts';
import { requireNamespace } from '../verbs/create.ts';
import type { Result } from '../verbs/result.ts';

/** The question, with its managed fields, once admission lets it pass. A namespace that a cluster-scoped kind has no use for is dropped. */
export async function readReview<T extends KubeObject>(
  server: Server,
  exchange: Exchange,
  target: ResourceTarget,
): Promise<Draft & T> {
  const { request } = exchange;
  const { kind, version } = target.served;
  const options = writeOptions('CreateOptions', request.query, request.headers['user-agent']);
  const warn = (text: string) => void exchange.warnings.add(text);
  const parsed = parseBody(request, expectedOf(kind, version), options.fieldValidation !== 'Ignore');
  const draft = draftOf(kind, version, parsed, options.fieldValidation, warn);
  if (kind.scope === 'Cluster') delete draft.metadata.namespace;
  else requireNamespace(target, draft);
  draft.spec ??= {};
  const context = writeContext(exchange, target, options);
  await ownFields(server, context, undefined, draft);
  const attributes = attributesOf(context, 'CREATE', draft.metadata.name ?? '', draft, undefined);
  await admit(server, 'mutate', attributes);
  await admit(server, 'validate', attributes);
  return draft as Draft & T;
}

export const answered = (target: ResourceTarget, object: KubeObject): Result => ({
  type: 'other',
  code: 201,
  object,
  kind: target.served.kind,
});
