// namespaces/finalize: takes or gives the finalizers in a namespace's spec; the last one gone, a namespace that is being deleted goes.

import type { Exchange, ResourceTarget } from '../exchange.ts';
import { draftOf, expectedOf, parseBody } from '../body.ts';
import { copyOf, type Draft } from '../draft.ts';
import { writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { commitDeletion } from '../verbs/commit.ts';
import { modify } from '../verbs/modify.ts';
import type { Result } from '../verbs/result.ts';

export async function finalize(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const options = writeOptions('UpdateOptions', exchange.request.query, exchange.request.headers['user-agent']);
  const { kind, version } = target.served;
  const parsed = parseBody(exchange.request, expectedOf(kind, version), false);
  const wanted = draftOf(kind, version, parsed, options.fieldValidation, (text) => void exchange.warnings.add(text));
  const stored = await modify(server, {
    kind,
    namespace: '',
    name: target.name,
    dryRun: options.dryRun,
    change(draft) {
      draft.spec = copyOf(wanted.spec);
      for (const field of ['labels', 'annotations', 'finalizers'] as const) takeOver(draft, wanted, field);
    },
  });
  const { metadata, spec } = stored.object;
  const finished =
    metadata.deletionTimestamp !== undefined &&
    !(spec as { finalizers?: string[] }).finalizers?.length &&
    !metadata.finalizers?.length;
  if (finished && !options.dryRun) await commitDeletion(server, kind, stored);
  return { type: 'object', code: 200, object: stored.object, ...(!options.dryRun && { stored }) };
}

function takeOver(draft: Draft, wanted: Draft, field: 'labels' | 'annotations' | 'finalizers'): void {
  if (wanted.metadata[field] === undefined) delete draft.metadata[field];
  else draft.metadata[field] = copyOf(wanted.metadata[field]) as never;
}
