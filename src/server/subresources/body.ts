// The bodies of subresources whose kind is another than the object's: Binding, Eviction, Scale, TokenRequest.

import { badRequest } from '../../api/status.ts';
import type { Subresource } from '../../api/kind.ts';
import { schemaOf } from '../../kinds/schemas.ts';
import { decodeValue, type Expected, parseBody } from '../body.ts';
import { subresourceOf } from '../catalog.ts';
import type { Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { requireKind } from '../known-kinds.ts';
import type { WriteOptions } from '../options.ts';
import { requireNamespace } from '../verbs/create.ts';

/** What a subresource takes, by its kind. */
export function expectedBy(target: ResourceTarget): Expected {
  const sub = subresourceOf(target.served.kind, target.subresource) as Subresource;
  const kind = sub.kind ?? { group: target.group, version: target.version, kind: target.served.kind.kind };
  const version = kind.version || target.version;
  const apiVersion = kind.group ? `${kind.group}/${version}` : version;
  return { group: kind.group, version, kind: kind.kind, schema: schemaOf(apiVersion, kind.kind) };
}

export function readBody(exchange: Exchange, expected: Expected, options: WriteOptions): Draft {
  const parsed = parseBody(exchange.request, expected, options.fieldValidation !== 'Ignore');
  requireKind(parsed.value, expected);
  const draft = decodeValue(parsed, expected, options.fieldValidation, (text) => void exchange.warnings.add(text));
  draft.metadata ??= {};
  return draft;
}

/** The name in the body must be the one on the URL, and so must the namespace if there is one. */
export function requireSameName(draft: Draft, target: ResourceTarget, kind: string): void {
  requireNamespace(target, draft);
  if ((draft.metadata.name ?? '') !== target.name)
    throw badRequest(`name in URL does not match name in ${kind} object`);
}

/** The Status upstream answers with when there is nothing else to say. */
export const created = (): object => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
