// A way into something (exec, attach, port-forward, proxy) is asked about like a write: admission sees the options that the query spells.

import type { Field } from '../../api/schema.ts';
import { subresourceSchema } from '../../kinds/define.ts';
import { subresourceOf } from '../catalog.ts';
import type { Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import { admit, connectionAttributes, writeContext } from './commit.ts';

/** Refuses what admission refuses, before anybody looks at what is to be connected. */
export async function admitConnection(server: Server, exchange: Exchange, target: ResourceTarget): Promise<void> {
  const context = writeContext(exchange, target, { dryRun: false, given: {} });
  const attributes = connectionAttributes(context, connectOptions(exchange.request.query, target));
  await admit(server, 'mutate', attributes);
  await admit(server, 'validate', attributes);
}

/** PodExecOptions and the like. */
function connectOptions(query: URLSearchParams, { served, subresource, rest }: ResourceTarget): Draft | undefined {
  const way = subresourceOf(served.kind, subresource);
  const schema = way && subresourceSchema(way);
  if (!way?.kind || !schema) return undefined;
  const given = [...schema.fields.values()].flatMap((field) => {
    const value = field.name === 'path' && rest ? rest : valueOf(query.getAll(field.name), field);
    return value === undefined ? [] : [[field.name, value] as const];
  });
  const { version, kind } = way.kind;
  return { apiVersion: version, kind, metadata: {}, ...Object.fromEntries(given) } as unknown as Draft;
}

/** As Go reads a parameter: what is empty or false counts as not given. A list that is always written is null then. */
function valueOf(texts: readonly string[], { schema, name, omitempty }: Field): unknown {
  const [first] = texts;
  if (name === 'kind' || name === 'apiVersion') return undefined;
  if (first === undefined) return schema.type === 'list' && !omitempty ? null : undefined;
  if (schema.type === 'list') return schema.items.type === 'string' ? [...texts] : texts.map(Number);
  if (schema.type === 'boolean') return first === 'false' || first === '0' ? undefined : true;
  return first || undefined;
}
