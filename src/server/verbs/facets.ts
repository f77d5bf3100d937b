// What of an object an update may change, depending on the path it comes through: all but the status, the status alone, finalizers, approval, resources.

import type { Issue } from '../../api/issues.ts';
import type { Kind, KindContext } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import {
  approvalIssues,
  type CertificateSigningRequest,
} from '../../kinds/certificates/certificate-signing-request.ts';
import { type Namespace, namespaceFinalizeIssues } from '../../kinds/core/namespace.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { ephemeralContainerIssues, keepAllButEphemeralContainers } from '../../kinds/core/pod/ephemeral-containers.ts';
import { keepAllButResources, podResizeIssues } from '../../kinds/core/pod/resize.ts';
import { behaviourOf, type Draft } from '../draft.ts';
import { hasStatus, keepAllButStatus, keepStatus } from './commit.ts';

export interface Facet {
  /** Puts back what this path does not reach. */
  keep(kind: Kind, draft: Draft, previous: KubeObject): void;
  prepare(kind: Kind, draft: Draft, previous: KubeObject, context: KindContext): void;
  issues(kind: Kind, draft: Draft, previous: KubeObject, context: KindContext): readonly Issue[];
}

const whole: Facet = {
  keep(kind, draft, previous) {
    if (hasStatus(kind)) keepStatus(draft, previous);
  },
  prepare(kind, draft, previous, context) {
    const behaviour = behaviourOf(kind);
    behaviour.dropDisabledFields?.(draft, previous, context);
    behaviour.prepareForUpdate?.(draft, previous, context);
  },
  issues: (kind, draft, previous, context) => behaviourOf(kind).validateUpdate?.(draft, previous, context) ?? [],
};

const status: Facet = {
  keep: (_, draft, previous) => keepAllButStatus(draft, previous),
  prepare: (kind, draft, previous, context) => behaviourOf(kind).prepareForStatusUpdate?.(draft, previous, context),
  issues: (kind, draft, previous, context) => behaviourOf(kind).validateStatusUpdate?.(draft, previous, context) ?? [],
};

/** Everything of a namespace but its status, and its finalizers above all. */
const finalize: Facet = {
  ...whole,
  prepare() {},
  issues: (_, draft) => namespaceFinalizeIssues(draft as unknown as Namespace),
};

/** The conditions of a certificate's request: whether there will be a certificate. */
const approval: Facet = {
  ...status,
  keep(_, draft, previous) {
    keepAllButStatus(draft, previous);
    const { certificate: __, ...decided } = (draft.status ?? {}) as CertificateStatus;
    const { certificate } = (previous.status ?? {}) as CertificateStatus;
    draft.status = certificate === undefined ? decided : { ...decided, certificate };
  },
  issues: (_, draft, previous) =>
    approvalIssues(draft as unknown as CertificateSigningRequest, previous as unknown as CertificateSigningRequest),
};

type CertificateStatus = NonNullable<CertificateSigningRequest['status']>;

/** What a pod's containers use. Everything else that is sent along is owned by its sender all the same, and dropped. */
const resize: Facet = {
  ...whole,
  prepare: (_, draft, previous) => keepAllButResources(draft as Draft & Pod, previous as Pod),
  issues: (_, draft, previous) => podResizeIssues(draft as Draft & Pod, previous as Pod),
};

const ephemeralcontainers: Facet = {
  ...whole,
  prepare: (_, draft, previous) => keepAllButEphemeralContainers(draft as Draft & Pod, previous as Pod),
  issues: (_, draft, previous) => ephemeralContainerIssues(draft as Draft & Pod, previous as Pod),
};

const facets: Readonly<Record<string, Facet>> = { status, finalize, approval, resize, ephemeralcontainers };

export const facetOf = (subresource: string): Facet => facets[subresource] ?? whole;
