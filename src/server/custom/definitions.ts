// Serves custom resources: follows the definitions there are, accepts their names, adds their kinds to the catalog, and empties and removes
// those that are being deleted. Part of the API server, with or without controllers.

import { base64, utf8 } from '../../base/bytes.ts';
import { deepEqual } from '../../base/equal.ts';
import { createQueue } from '../../base/queue.ts';
import { formatTime } from '../../base/time.ts';
import { apiVersionOf, type Kind, resourceKey } from '../../api/kind.ts';
import type { Mirror } from '../../api/mirror.ts';
import { ApiError } from '../../api/status.ts';
import { type Client, referenceTo } from '../../client/client.ts';
import { cleanupFinalizer, CustomResourceDefinition } from '../../kinds/apiextensions/custom-resource-definition.ts';
import type { Server } from '../server.ts';
import { commitDeletion } from '../verbs/commit.ts';
import { conversionWebhook } from './conversion-webhook.ts';
import { keepApiServices } from './api-services.ts';
import { planDefinitionStatus, planDeletionStatus } from './definition-status.ts';
import { kindOfDefinition, readIn } from './kind-of-definition.ts';

/** A failing definition is looked at again after this long, in milliseconds. */
const retryAfter = 1000;

/** Resolves once every definition there is is served. */
export async function serveDefinitions(server: Server, client: Client): Promise<() => void> {
  const mirror = (await server.caches.of(CustomResourceDefinition as never))
    .mirror as unknown as Mirror<CustomResourceDefinition>;
  /** What is served for each definition, by its name: the kind and what it was made of. */
  const served = new Map<string, { readonly kind: Kind; readonly definition: CustomResourceDefinition }>();
  const queue = createQueue(server.clock, () => void Promise.resolve().then(work));
  const stop = mirror.subscribe((changes) => {
    for (const { object, previous } of changes) queue.add((object ?? previous)?.metadata.name ?? '');
    // A name given up may be what another definition waits for.
    if (changes.some(({ object }) => !object)) for (const { metadata } of mirror.list()) queue.add(metadata.name ?? '');
  });
  for (const { metadata } of mirror.list()) await reconcile(metadata.name ?? '');
  const stopApiServices = await keepApiServices(server, client, mirror);

  async function work(): Promise<void> {
    for (let name = queue.take(); name !== undefined; name = queue.take()) {
      const failed = await reconcile(name).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof ApiError))
            server.log.error('a definition could not be served', { name, error: String(error) });
          return true;
        },
      );
      queue.done(name);
      if (failed) queue.add(name, retryAfter);
    }
  }

  async function reconcile(name: string): Promise<void> {
    const definition = mirror.get(name);
    if (!definition) return withdraw(name);
    const status = planDefinitionStatus(definition, mirror.list(), formatTime(server.clock.now()));
    // Whoever reads that a definition is established may use it at once.
    if (isTrue(status, 'Established')) await serve(name, { ...definition, status });
    const current = deepEqual(status, definition.status)
      ? definition
      : await client.updateStatus(CustomResourceDefinition, { ...definition, status });
    if (isGoing(current)) await empty(current);
  }

  async function serve(name: string, definition: CustomResourceDefinition): Promise<void> {
    const before = served.get(name)?.definition;
    const alike = before !== undefined && deepEqual(before.spec, definition.spec);
    if (alike && isGoing(before) === isGoing(definition)) return;
    if (server.catalog.kinds().some((kind) => !kind.custom && resourceKey(kind) === name)) {
      server.log.warn('a definition of a built-in resource is not served', { definition: name });
      return;
    }
    const kind = {
      ...kindOfDefinition(definition, { convert: conversionOf(definition), timed: server.metrics.expressions }),
      storageVersionHash: await hashOf(definition),
    };
    served.set(name, { kind, definition });
    server.catalog.add(kind);
    // What is stored is read anew by the new schema; watches end, as they do upstream.
    if (before && !alike) server.caches.drop(kind);
  }

  function conversionOf({ spec }: CustomResourceDefinition): Kind['convert'] {
    const { strategy, webhook } = spec.conversion ?? {};
    if (strategy !== 'Webhook' || !webhook) return undefined;
    const { remote, random } = server;
    const apiVersions = spec.versions.map(({ name }) => apiVersionOf({ group: spec.group, version: name }));
    return conversionWebhook({ webhook, apiVersions, remote, random, read: (object) => readIn(spec, object) });
  }

  async function hashOf({ spec }: CustomResourceDefinition): Promise<string> {
    if (!server.keys) return '';
    const stored = spec.versions.find(({ storage }) => storage)?.name ?? '';
    const digest = await server.keys.sha256(utf8(`${spec.group}/${stored}/${spec.names.kind}`));
    return base64(digest.subarray(0, 8));
  }

  function withdraw(name: string): void {
    const known = served.get(name);
    if (!known) return;
    served.delete(name);
    server.catalog.remove(known.kind);
    server.caches.drop(known.kind);
  }

  /** Deletes all objects of a definition that is going, and lets it go once there are none. */
  async function empty(definition: CustomResourceDefinition): Promise<void> {
    const name = definition.metadata.name ?? '';
    const before = definition.metadata.finalizers ?? [];
    if (!before.includes(cleanupFinalizer)) return withdraw(name);
    const begun = await withStatus(definition, 'going');
    const kind = served.get(name)?.kind;
    if (kind && (await removeObjects(kind)) > 0) {
      queue.add(name, retryAfter);
      return;
    }
    const done = await withStatus(begun, 'gone');
    withdraw(name);
    const finalizers = before.filter((each) => each !== cleanupFinalizer);
    const { resourceVersion } = done.metadata;
    await client.patch(CustomResourceDefinition, referenceTo(definition), {
      metadata: { finalizers, resourceVersion },
    });
  }

  async function withStatus(definition: CustomResourceDefinition, objects: 'going' | 'gone') {
    const status = planDeletionStatus(definition, objects, server.clock.now());
    if (deepEqual(status, definition.status)) return definition;
    return client.updateStatus(CustomResourceDefinition, { ...definition, status });
  }

  /** How many are left, since something may hold them back. */
  async function removeObjects(kind: Kind): Promise<number> {
    const cache = await server.caches.of(kind);
    for (const object of cache.mirror.list()) {
      // Nobody can ask for the objects of a kind that is served in no version.
      if (kind.versions.length > 0) await client.delete(kind, referenceTo(object));
      else await commitDeletion(server, kind, cache.storedOf(object));
    }
    return cache.mirror.size;
  }

  return () => {
    stop();
    stopApiServices();
    queue.stop();
  };
}

const isGoing = ({ metadata }: CustomResourceDefinition): boolean => metadata.deletionTimestamp !== undefined;

const isTrue = (status: CustomResourceDefinition['status'], wanted: string): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === wanted && is === 'True') ?? false;

/** The schema a custom kind's version is published with, for OpenAPI. */
export function publishedSchema(server: Server, kind: Kind, version: string): Record<string, unknown> | undefined {
  const mirror = server.caches.peek(CustomResourceDefinition as never)?.mirror as unknown as
    | Mirror<CustomResourceDefinition>
    | undefined;
  const found = mirror?.get(resourceKey(kind))?.spec.versions.find(({ name }) => name === version);
  return found?.schema?.openAPIV3Schema as Record<string, unknown> | undefined;
}
