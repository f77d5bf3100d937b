// AdmissionReview: the question put to a webhook, and what of its answer counts.

import { bytesOfBase64, textOf } from '../../../base/bytes.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { StatusDetails } from '../../../api/status.ts';
import type { Served } from '../../catalog.ts';
import { requestOf } from '../expressions/activation.ts';
import type { Attributes } from '../plugin.ts';

export interface Question {
  readonly uid: string;
  /** The first that we speak of what the webhook accepts. */
  readonly reviewVersion: 'v1' | 'v1beta1';
  /** The version in which the webhook sees the objects. */
  readonly served: Served;
  readonly attributes: Attributes;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
}

/** Undefined where the webhook speaks no version that we do. */
export const reviewVersionOf = (accepted: readonly string[] | undefined): 'v1' | 'v1beta1' | undefined =>
  accepted?.find((each) => each === 'v1' || each === 'v1beta1') as 'v1' | 'v1beta1' | undefined;

export const reviewOf = ({ uid, reviewVersion, served, attributes, object, old }: Question): object => ({
  kind: 'AdmissionReview',
  apiVersion: `admission.k8s.io/${reviewVersion}`,
  request: {
    uid,
    ...requestOf(attributes, served),
    object: object ?? null,
    oldObject: old ?? null,
    options: attributes.options ?? null,
  },
});

interface ResponseStatus {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: StatusDetails;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly status: ResponseStatus | undefined;
  readonly patchType: string;
  /** A JSON patch as text; empty: there is none. */
  readonly patch: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

interface Response {
  readonly uid?: string;
  readonly allowed?: boolean;
  readonly status?: ResponseStatus;
  readonly patch?: string;
  readonly patchType?: string | null;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** @throws an Error that says why the answer cannot be used */
export function verdictOf(answer: unknown, { uid, reviewVersion }: Question, mutating: boolean): Verdict {
  const {
    kind = '',
    apiVersion = '',
    response,
  } = (answer ?? {}) as { kind?: string; apiVersion?: string; response?: Response };
  if (!response) throw new Error('webhook response was absent');
  if (reviewVersion === 'v1') requireV1({ kind, apiVersion }, response, uid, mutating);
  const patch = mutating ? textOf(bytesOfBase64(response.patch ?? '') ?? new Uint8Array()) : '';
  return {
    allowed: response.allowed === true,
    status: response.status,
    patch,
    patchType: reviewVersion === 'v1' ? (response.patchType ?? '') : 'JSONPatch',
    warnings: response.warnings ?? [],
    auditAnnotations: response.auditAnnotations ?? {},
  };
}

/** Only the newer version is held to its word. */
function requireV1(
  { kind, apiVersion }: { kind: string; apiVersion: string },
  { uid = '', patch = '', patchType }: Response,
  expected: string,
  mutating: boolean,
): void {
  if (uid !== expected)
    throw new Error(`expected response.uid=${JSON.stringify(expected)}, got ${JSON.stringify(uid)}`);
  if (kind !== 'AdmissionReview' || apiVersion !== 'admission.k8s.io/v1') {
    const got = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
    throw new Error(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${got}`);
  }
  const typed = patchType !== undefined && patchType !== null;
  if (!mutating) {
    if (patch !== '') throw new Error('validating webhook may not return response.patch');
    if (typed) throw new Error('validating webhook may not return response.patchType');
    return;
  }
  if (patch !== '' && !typed) throw new Error('webhook returned response.patch but not response.patchType');
  if (patch === '' && typed) throw new Error('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
}
