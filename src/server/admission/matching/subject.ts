// What a request is about, as rules and reviews name it: a resource and the kind of what is sent, in the version a client speaks or another.

import { everyVersion, resourceKey } from '../../../api/kind.ts';
import { type Catalog, type Served, subresourceOf } from '../../catalog.ts';
import type { Attributes } from '../plugin.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** The kind in the version the client speaks. */
export function servedOf({ kind, version }: Attributes): Served {
  const found = kind.versions.find((each) => each.version === version) ?? kind.versions[0];
  if (!found) throw new Error(`${kind.kind} is served in no version`);
  return { kind, version: found };
}

export const resourceOf = ({ kind, version }: Served): GroupVersionResource => ({
  group: kind.group,
  version: version.version,
  resource: kind.plural,
});

/** Subresources may take bodies of another kind: Scale, Binding, PodExecOptions. */
export function kindOf({ kind, version }: Served, subresource: string): GroupVersionKind {
  const own = subresource === '' ? undefined : subresourceOf(kind, subresource)?.kind;
  if (own) return { ...own, version: own.version || version.version };
  return { group: kind.group, version: version.version, kind: kind.kind };
}

/** Other resources that hold the same objects, and have the subresource: further versions, and events under their second name. */
export function equivalentsOf({ kind, version }: Served, subresource: string, catalog: Catalog): readonly Served[] {
  const keeper = resourceKey(kind.storedAs ?? kind);
  return catalog
    .kinds()
    .filter((each) => resourceKey(each.storedAs ?? each) === keeper)
    .flatMap((each) => everyVersion(each).map((one) => ({ kind: one.as ?? each, version: one })))
    .filter((each) => each.kind.group !== kind.group || each.version.version !== version.version)
    .filter((each) => subresource === '' || subresourceOf(each.kind, subresource));
}

export const isNamespace = ({ kind }: Attributes): boolean => kind.group === '' && kind.plural === 'namespaces';

/** The namespace a request counts as within: a namespace lies in itself. */
export const homeOf = (attributes: Attributes): string =>
  isNamespace(attributes) ? attributes.name || (attributes.object?.metadata.name ?? '') : attributes.namespace;

/** What webhooks and policies are never asked about: themselves. */
export const isExempt = ({ kind }: Attributes): boolean =>
  kind.group === 'admissionregistration.k8s.io' && exemptKinds.has(kind.kind);

const exemptKinds: ReadonlySet<string> = new Set(
  ['WebhookConfiguration', 'AdmissionPolicy', 'AdmissionPolicyBinding'].flatMap((kind) => [
    `Mutating${kind}`,
    `Validating${kind}`,
  ]),
);
