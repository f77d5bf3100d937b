// Custom resources whose versions somebody outside converts: objects go out in one version and come back in another, and what comes back is
// checked before anybody believes it.

import { deepEqual, deepFreeze } from '../../base/equal.ts';
import type { Random } from '../../base/random.ts';
import type { Issue } from '../../api/issues.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { ApiError } from '../../api/status.ts';
import { annotationIssues, labelIssues } from '../../kinds/checks.ts';
import type { WebhookConversion } from '../../kinds/generated/types/apiextensions-v1.ts';
import type { Remote } from '../outgoing/remote.ts';
import { callWebhook } from '../outgoing/webhook-call.ts';

type Json = Record<string, unknown>;
type Convert = NonNullable<Kind['convert']>;

/** What one question may hold. */
const mostObjects = 500;
const timeoutSeconds = 30;

export interface ConversionWebhook {
  readonly webhook: WebhookConversion;
  /** All there are of the kind, served or not. */
  readonly apiVersions: readonly string[];
  readonly remote: Remote;
  readonly random: Random;
  /** Reads what came back by its version's schema. */
  read(object: KubeObject): KubeObject;
}

/** Stored objects never change, so each is converted to a version once. */
export function conversionWebhook(conversion: ConversionWebhook): Convert {
  const known = new WeakMap<KubeObject, Map<string, KubeObject>>();
  return async (objects, apiVersion) => {
    const missing = objects.filter((each) => each.apiVersion !== apiVersion && !known.get(each)?.has(apiVersion));
    for (const each of missing) requireKnown(conversion, each);
    const fresh = new Map<KubeObject, KubeObject>();
    for (let at = 0; at < missing.length; at += mostObjects) {
      const batch = missing.slice(at, at + mostObjects);
      const converted = await ask(conversion, batch, apiVersion);
      batch.forEach((object, i) => fresh.set(object, deepFreeze(converted[i] as KubeObject)));
    }
    for (const [object, converted] of fresh) {
      if (Object.isFrozen(object)) known.set(object, (known.get(object) ?? new Map()).set(apiVersion, converted));
    }
    return objects.map((each) =>
      each.apiVersion === apiVersion ? each : (fresh.get(each) ?? (known.get(each)?.get(apiVersion) as KubeObject)),
    );
  };
}

/** An object may lie in a version that its definition has no more. */
function requireKnown({ apiVersions }: ConversionWebhook, { apiVersion = '' }: KubeObject): void {
  if (!apiVersions.includes(apiVersion))
    throw failure(`request to convert CR from an invalid group/version: ${apiVersion}`);
}

async function ask(
  { webhook, remote, random, read }: ConversionWebhook,
  objects: readonly KubeObject[],
  apiVersion: string,
): Promise<readonly KubeObject[]> {
  const [first] = objects;
  const about = `conversion webhook for ${first?.apiVersion}, Kind=${first?.kind}`;
  const reviewVersion = webhook.conversionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1');
  if (!reviewVersion) throw failure('no supported conversion review versions');
  const uid = random.uuid();
  const review = {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${reviewVersion}`,
    request: { uid, desiredAPIVersion: apiVersion, objects },
  };
  const converted = await callWebhook(remote, { client: webhook.clientConfig ?? {}, review, timeoutSeconds })
    .then((answer) => objectsIn(answer, reviewVersion, uid))
    .catch((error: Error) => {
      throw failure(`${about} failed: ${error.message}`);
    });
  if (converted.length !== objects.length)
    throw failure(`${about} returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((object, i) => read(checked(object, converted[i], about, apiVersion)));
}

/** Kubernetes answers so where something fails that it has no reason for. */
const failure = (message: string): ApiError => new ApiError(500, '', message);

interface Answer {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly response?: {
    readonly uid?: string;
    readonly convertedObjects?: readonly unknown[] | null;
    readonly result?: { readonly status?: string; readonly message?: string };
  };
}

/** @throws an Error that says why there are none */
function objectsIn(answer: unknown, reviewVersion: string, uid: string): readonly unknown[] {
  const { kind = '', apiVersion = '', response } = (answer ?? {}) as Answer;
  if (reviewVersion === 'v1' && (kind !== 'ConversionReview' || apiVersion !== 'apiextensions.k8s.io/v1')) {
    const got = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
    throw new Error(`expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got ${got}`);
  }
  if (!response) throw new Error('no response provided');
  if (reviewVersion === 'v1' && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  const { status = '', message = '' } = response.result ?? {};
  if (status !== 'Success') throw new Error(message || `response.result.status was '${status}', not 'Success'`);
  return response.convertedObjects ?? [];
}

/** What came back for an object, with the object's own metadata but for labels and annotations. */
function checked(object: KubeObject, returned: unknown, about: string, apiVersion: string): KubeObject {
  const converted = (isMap(returned) ? returned : {}) as Json & Partial<KubeObject>;
  if (!converted.kind) throw failure(`Object 'Kind' is missing in '${JSON.stringify(returned)}'`);
  const invalid = `${about} returned invalid object`;
  if (converted.apiVersion !== apiVersion) {
    const received = groupVersionIn(converted.apiVersion);
    throw failure(`${invalid} at index 0: invalid groupVersion (expected ${apiVersion}, received ${received})`);
  }
  if (converted.kind !== object.kind)
    throw failure(`${invalid} at index 0: invalid kind (expected ${object.kind}, received ${converted.kind})`);
  const difference = identityDifference(object, converted);
  if (difference) throw failure(`${invalid}: ${difference}`);
  try {
    return { ...converted, metadata: restored(object, converted) } as KubeObject;
  } catch (error) {
    throw failure(`${about} returned invalid metadata: ${(error as Error).message}`);
  }
}

/** Nothing where it cannot be read. */
const groupVersionIn = (apiVersion: unknown): string =>
  typeof apiVersion === 'string' && apiVersion.split('/').length <= 2 ? apiVersion : '';

const identity = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const;

function identityDifference(object: KubeObject, converted: Json): string | undefined {
  const metadata = (isMap(converted.metadata) ? converted.metadata : {}) as Json;
  for (const [field, word] of identity) {
    const [expected = '', given] = [object.metadata[field], metadata[field]];
    const got = typeof given === 'string' ? given : '';
    if (expected !== got) return `must have the same ${word}: ${expected} != ${got}`;
  }
  return undefined;
}

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function restored(object: KubeObject, { metadata }: Json): KubeObject['metadata'] {
  if (metadata === undefined) throw new Error('missing metadata in converted object');
  if (!isMap(metadata)) throw new Error(`invalid metadata of type ${goType(metadata)} in converted object`);
  const { labels: _, annotations: __, ...kept } = object.metadata;
  return { ...kept, ...textsOf(object, metadata, 'labels'), ...textsOf(object, metadata, 'annotations') };
}

/** What was there before is not looked at again. */
function textsOf(object: KubeObject, metadata: Json, field: 'labels' | 'annotations'): KubeObject['metadata'] {
  const texts = metadata[field];
  if (texts === undefined || texts === null) return {};
  if (!isMap(texts)) throw new Error(`invalid metadata.${field} of type ${goType(texts)} in converted object`);
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value !== 'string')
      throw new Error(`metadata.${field}[${key}] must be a string, but is ${goType(value)} in converted object`);
  }
  const plain = texts as Record<string, string>;
  if (Object.keys(plain).length === 0) return {};
  if (deepEqual(plain, object.metadata[field])) return { [field]: plain };
  const issues =
    field === 'labels' ? labelIssues(plain, 'metadata.labels') : annotationIssues(plain, 'metadata.annotation');
  if (issues.length > 0) throw new Error(joined(issues));
  return { [field]: plain };
}

function joined(issues: readonly Issue[]): string {
  const texts = issues.map(({ field, message }) => `${field}: ${message}`);
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'map[string]interface {}';
}
