// Whether a webhook is to be asked about a write, and in which version of the resource it wants to see it.

import type { Selector } from '../../../base/selectors.ts';
import { type Kind, resourceKey } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { type ApiError, notFound } from '../../../api/status.ts';
import { Namespace } from '../../../kinds/core/namespace.ts';
import type { RuleWithOperations } from '../../../kinds/generated/types/admissionregistration-v1.ts';
import type { AdmissionWorld, Attributes } from '../plugin.ts';
import type { Hook } from './hooks.ts';

/** A resource as rules name it. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** A webhook that is to be asked, and the form of the resource that its rule names. */
export interface Invocation {
  readonly hook: Hook;
  /** The kind whose version it wants: the write's own, or one that keeps the same objects. */
  readonly kind: Kind;
  readonly version: string;
}

/** Undefined: it has nothing to do with the write. @throws ApiError where it would, and its selector cannot be decided */
export async function invocationOf(
  hook: Hook,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<Invocation | undefined> {
  const inNamespace = await matchesNamespace(hook.namespaceSelector, attributes, world);
  if (inNamespace === false || !matchesObject(hook.objectSelector, attributes)) return undefined;
  const form = formWanted(hook, attributes, world);
  if (form && inNamespace !== true) throw inNamespace;
  return form && { hook, ...form };
}

/** Its own form first; then, unless the webhook wants it exactly, whatever form its rules name. */
function formWanted({ webhook }: Hook, attributes: Attributes, world: AdmissionWorld): Form | undefined {
  const { kind, version } = attributes;
  const rules = webhook.rules ?? [];
  const own = { group: kind.group, version, resource: kind.plural };
  if (rules.some((rule) => ruleMatches(rule, attributes, own))) return { kind, version };
  if (webhook.matchPolicy !== 'Equivalent') return undefined;
  const others = equivalents(attributes, world);
  for (const rule of rules) {
    const found = others.find((form) => ruleMatches(rule, attributes, resourceOf(form)));
    if (found) return found;
  }
  return undefined;
}

interface Form {
  readonly kind: Kind;
  readonly version: string;
}

const resourceOf = ({ kind, version }: Form): Resource => ({ group: kind.group, version, resource: kind.plural });

/** The other forms in which the same objects are served. */
function equivalents({ kind, version, subresource }: Attributes, { catalog }: AdmissionWorld): readonly Form[] {
  const keeper = resourceKey(kind.storedAs ?? kind);
  return catalog
    .kinds()
    .filter((each) => resourceKey(each.storedAs ?? each) === keeper)
    .filter((each) => subresource === '' || each.subresources.some(({ name }) => name === subresource))
    .flatMap((each) => each.versions.map((served) => ({ kind: each, version: served.version })))
    .filter((form) => !(form.version === version && form.kind.group === kind.group));
}

const holds = (list: readonly string[] | null | undefined, value: string): boolean =>
  (list ?? []).some((each) => each === '*' || each === value);

export function ruleMatches(rule: RuleWithOperations, attributes: Attributes, resource: Resource): boolean {
  return (
    scopeMatches(rule.scope ?? '*', attributes) &&
    holds(rule.operations, attributes.operation) &&
    holds(rule.apiGroups, resource.group) &&
    holds(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((pattern) => {
      const [name, sub = ''] = pattern.split('/');
      return holds([name ?? ''], resource.resource) && holds([sub], attributes.subresource);
    })
  );
}

function scopeMatches(scope: string, attributes: Attributes): boolean {
  if (scope === '*') return true;
  const inNamespace = !isNamespace(attributes) && attributes.namespace !== '';
  return (scope === 'Namespaced') === inNamespace;
}

export const isNamespace = ({ kind }: Attributes): boolean => kind.group === '' && kind.plural === 'namespaces';

/** A refusal where the namespace is not there, for whom it matters. */
async function matchesNamespace(
  selector: Selector,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<boolean | ApiError> {
  const { namespace, object, operation, subresource } = attributes;
  if (selector.requirements.length === 0) return true;
  if (isNamespace(attributes)) {
    const current = subresource === '' && (operation === 'CREATE' || operation === 'UPDATE') ? object : attributes.old;
    return selector.matches(current?.metadata.labels);
  }
  if (namespace === '') return true;
  const home = (await world.mirror(Namespace)).get(namespace);
  if (!home) return notFound({ group: '', resource: 'namespaces' }, namespace);
  return selector.matches(home.metadata.labels);
}

/** The object as it was counts as much as what it is to be. */
function matchesObject(selector: Selector, { object, old }: Attributes): boolean {
  if (selector.requirements.length === 0) return true;
  const matches = (each: KubeObject | undefined) =>
    each?.metadata !== undefined && selector.matches(each.metadata.labels);
  return matches(object) || matches(old);
}
