// The parameters of a policy: objects that a binding names or selects, for each of which the policy is evaluated once.

import { selectorOf } from '../../../base/selectors.ts';
import { apiVersionOf } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ParamKind, ParamRef } from '../../../kinds/generated/types/admissionregistration-v1.ts';
import type { Served } from '../../catalog.ts';
import { fromHub } from '../../draft.ts';
import type { AdmissionWorld } from '../plugin.ts';

/** A policy or binding that asks for what there is not. The failure policy decides what comes of it. */
export class ConfigurationError extends Error {}

/** The kind of a policy's parameters; undefined: it has none. */
export function paramServed(paramKind: ParamKind | undefined, world: AdmissionWorld): Served | undefined {
  if (!paramKind) return undefined;
  const { apiVersion = '', kind = '' } = paramKind;
  const served = world.catalog.findKind(apiVersion, kind);
  if (served) return served;
  const groupVersion = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  throw new ConfigurationError(`failed to find resource referenced by paramKind: '${groupVersion}, Kind=${kind}'`);
}

/** No parameters at all are one that is undefined. `namespace`: the one the request is within. */
export async function paramsOf(
  served: Served | undefined,
  ref: ParamRef | undefined,
  namespace: string,
  world: AdmissionWorld,
): Promise<readonly (KubeObject | undefined)[]> {
  if (!served || !ref) return [undefined];
  const home = homeOfParams(served, ref, namespace);
  const found = await objectsIn(served, home, ref, world);
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return found;
}

/** As the version has them: where somebody outside converts them, it is the labels of the version that are selected by. */
async function objectsIn(
  { kind, version }: Served,
  home: string,
  { name, selector }: ParamRef,
  world: AdmissionWorld,
): Promise<readonly KubeObject[]> {
  const mirror = await world.mirror(kind);
  const named = name ? mirror.get(name, home) : undefined;
  const candidates = name ? (named ? [named] : []) : mirror.list(home === '' ? undefined : home);
  const apiVersion = apiVersionOf({ group: kind.group, version: version.version });
  const views = await kind.convert?.(candidates, apiVersion).catch(() => {
    const what = `&ParamKind{APIVersion:${apiVersion},Kind:${kind.kind},}`;
    throw new ConfigurationError(`paramKind kind \`${what}\` not yet synced to use for admission`);
  });
  const selects = name ? undefined : selectorOf(selector, 'nothing');
  return (views ?? candidates)
    .filter(({ metadata }) => !selects || selects.matches(metadata.labels))
    .map((object) => fromHub(kind, version, object));
}

function homeOfParams({ kind }: Served, ref: ParamRef, namespace: string): string {
  if (kind.scope === 'Cluster') {
    if (!ref.namespace) return '';
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const home = ref.namespace || namespace;
  if (home !== '') return home;
  throw new ConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}
