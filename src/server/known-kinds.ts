// Whether a body is of the kind a path wants. Every kind there is can be read anywhere; what cannot be converted is refused only then.

import { decode, DecodeError } from '../api/decode.ts';
import { badRequest } from '../api/status.ts';
import { folderOf, hasSchema, schemaOf } from '../kinds/schemas.ts';
import type { Expected } from './body.ts';

/** Versions that are served no more, but still read. */
const retiredVersions: Readonly<Record<string, readonly string[]>> = {
  'admissionregistration.k8s.io': ['v1alpha1', 'v1beta1'],
  apps: ['v1beta1', 'v1beta2'],
  'authentication.k8s.io': ['v1alpha1', 'v1beta1'],
  'authorization.k8s.io': ['v1beta1'],
  batch: ['v1beta1'],
  'certificates.k8s.io': ['v1beta1'],
  'coordination.k8s.io': ['v1beta1'],
  'discovery.k8s.io': ['v1beta1'],
  'events.k8s.io': ['v1beta1'],
  'flowcontrol.apiserver.k8s.io': ['v1beta1', 'v1beta2', 'v1beta3'],
  'networking.k8s.io': ['v1beta1'],
  'node.k8s.io': ['v1alpha1', 'v1beta1'],
  policy: ['v1beta1'],
  'rbac.authorization.k8s.io': ['v1alpha1', 'v1beta1'],
  'scheduling.k8s.io': ['v1alpha1', 'v1beta1'],
  'storage.k8s.io': ['v1alpha1', 'v1beta1'],
};

/** What once was in extensions/v1beta1, and where it is now. */
const extensions: Readonly<Record<string, string>> = {
  DaemonSet: 'apps',
  Deployment: 'apps',
  Ingress: 'networking',
  NetworkPolicy: 'networking',
  ReplicaSet: 'apps',
};

/** Groups whose servers know no kinds but their own. */
const apart = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io']);

interface Named {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Checks that a parsed body is of the wanted kind, or says nothing of its kind. @throws ApiError otherwise */
export function requireKind(value: Record<string, unknown>, expected: Expected): void {
  const given = namedBy(value, expected);
  if (given.kind === expected.kind && apiVersionOf(given) === apiVersionOf(expected)) return;
  const problem = kindProblem(value, given, expected);
  if (problem)
    throw badRequest(`${given.kind} in version "${given.version}" cannot be handled as a ${expected.kind}: ${problem}`);
  if (expected.older?.includes(apiVersionOf(given))) return;
  throw badRequest(
    `the API version in the data (${apiVersionOf(given)}) does not match the expected API version (${apiVersionOf(expected)})`,
  );
}

/** The same check for the outcome of a patch, whose document is not read again. @throws DecodeError */
export function requireSameKind(value: Record<string, unknown>, expected: Expected): void {
  const given = namedBy(value, expected);
  if (given.kind === expected.kind && apiVersionOf(given) === apiVersionOf(expected)) return;
  throw new DecodeError(
    kindProblem(value, given, expected) ??
      `the API version in the data (${apiVersionOf(given)}) does not match the expected API version (${apiVersionOf(expected)})`,
  );
}

const apiVersionOf = ({ group, version }: Named): string => (group ? `${group}/${version}` : version);

/** What a body says it is; what it leaves open is as expected. */
function namedBy(value: Record<string, unknown>, expected: Named): Named {
  const kind = textOr(value.kind, expected.kind);
  const apiVersion = textOr(value.apiVersion, '');
  if (apiVersion === '') return { ...expected, kind };
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1), kind };
}

const textOr = (value: unknown, otherwise: string): string =>
  typeof value === 'string' && value !== '' ? value : otherwise;

/** Why an object cannot be had as the expected kind at all; undefined when only its version is another one. */
function kindProblem(value: Record<string, unknown>, given: Named, expected: Expected): string | undefined {
  if (expected.custom) return given.kind === expected.kind ? undefined : unknownConversion(given, expected);
  if (!isKnown(given, expected))
    return `no kind "${given.kind}" is registered for version "${apiVersionOf(given)}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  return unreadable(value, given) ?? (sameType(given, expected) ? undefined : unknownConversion(given, expected));
}

function isKnown(given: Named, expected: Expected): boolean {
  if (apart.has(expected.group) && given.group !== expected.group) return false;
  if (given.group === 'extensions') return given.version === 'v1beta1' && given.kind in extensions;
  if (
    retiredVersions[given.group]?.includes(given.version) &&
    hasSchema(apiVersionOf({ ...given, version: 'v1' }), given.kind)
  )
    return true;
  return hasSchema(apiVersionOf(given), given.kind);
}

/** What is wrong with an object as the kind it says it is. */
function unreadable(value: Record<string, unknown>, given: Named): string | undefined {
  if (!hasSchema(apiVersionOf(given), given.kind)) return undefined;
  try {
    decode(schemaOf(apiVersionOf(given), given.kind), value);
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

/** All versions of a kind are one type inside. */
const sameType = (a: Named, b: Named): boolean => a.kind === b.kind && packageOf(a) === packageOf(b);

function packageOf({ group, kind }: Named): string {
  if (group === 'extensions') return extensions[kind] ?? 'extensions';
  return group === 'events.k8s.io' ? 'core' : folderOf(group);
}

const unknownConversion = (given: Named, expected: Named): string =>
  `converting (${given.version}.${given.kind}) to (${packageOf(expected)}.${expected.kind}): unknown conversion`;
