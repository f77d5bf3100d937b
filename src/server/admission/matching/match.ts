// Whether a webhook, a policy or a binding looks at a request, and in which version it is to see the object.

import { type LabelSelector, type Selector, selectorOf } from '../../../base/selectors.ts';
import type { KubeObject } from '../../../api/object.ts';
import { notFound } from '../../../api/status.ts';
import { Namespace } from '../../../kinds/core/namespace.ts';
import type { Served } from '../../catalog.ts';
import type { AdmissionWorld, Attributes } from '../plugin.ts';
import { type Rule, ruleMatches } from './rules.ts';
import { equivalentsOf, homeOf, isExempt, isNamespace, resourceOf, servedOf } from './subject.ts';

/** The match constraints of a policy, the match resources of a binding, and what a webhook says itself. */
export interface Match {
  readonly matchPolicy?: string | null;
  readonly namespaceSelector?: LabelSelector | null;
  readonly objectSelector?: LabelSelector | null;
  /** None at all: every resource. */
  readonly resourceRules?: readonly Rule[] | null;
  readonly excludeResourceRules?: readonly Rule[] | null;
}

/** The version to show; undefined: it is not about this request. */
export async function matchRequest(
  match: Match,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<Served | undefined> {
  if (isExempt(attributes)) return undefined;
  const served = matchedByRules(match, attributes, world);
  if (!served || !matchesObject(match, attributes)) return undefined;
  return (await matchesNamespace(match, attributes, world)) ? served : undefined;
}

function matchedByRules(match: Match, attributes: Attributes, world: AdmissionWorld): Served | undefined {
  const { resourceRules, excludeResourceRules, matchPolicy } = match;
  const fuzzy = matchPolicy === 'Equivalent';
  if (excludeResourceRules?.length && findServed(excludeResourceRules, attributes, world, fuzzy)) return undefined;
  return resourceRules?.length ? findServed(resourceRules, attributes, world, fuzzy) : servedOf(attributes);
}

/** What the request names comes first; then, rule by rule, what holds the same objects. */
function findServed(
  rules: readonly Rule[],
  attributes: Attributes,
  world: AdmissionWorld,
  fuzzy: boolean,
): Served | undefined {
  const named = servedOf(attributes);
  const resource = resourceOf(named);
  if (rules.some((rule) => ruleMatches(rule, attributes, resource))) return named;
  if (!fuzzy) return undefined;
  const others = equivalentsOf(named, attributes.subresource, world.catalog);
  for (const rule of rules) {
    const found = others.find((each) => ruleMatches(rule, attributes, resourceOf(each)));
    if (found) return found;
  }
  return undefined;
}

const selectors = new WeakMap<LabelSelector, Selector>();

/** Selectors are parts of stored objects, which never change. */
function parsed(selector: LabelSelector): Selector {
  let known = selectors.get(selector);
  if (!known) selectors.set(selector, (known = selectorOf(selector, 'everything')));
  return known;
}

const labelsMatch = (selector: Selector, object: KubeObject | undefined): boolean =>
  object !== undefined && selector.matches(object.metadata?.labels);

/** The object as it was counts as well as the one to be. */
function matchesObject({ objectSelector }: Match, { object, old }: Attributes): boolean {
  const selector = objectSelector && parsed(objectSelector);
  if (!selector || selector.requirements.length === 0) return true;
  return labelsMatch(selector, object) || labelsMatch(selector, old);
}

/** Of a namespace itself the labels to be count. What lies in no namespace is always looked at. */
async function matchesNamespace(
  { namespaceSelector }: Match,
  attributes: Attributes,
  world: AdmissionWorld,
): Promise<boolean> {
  const { namespace, operation, subresource, object } = attributes;
  const selector = namespaceSelector && parsed(namespaceSelector);
  if (!selector || selector.requirements.length === 0) return true;
  const itself = isNamespace(attributes);
  if (namespace === '' && !itself) return true;
  const written = subresource === '' && (operation === 'CREATE' || operation === 'UPDATE');
  return labelsMatch(selector, itself && written ? object : await namespaceOf(homeOf(attributes), world));
}

/** @throws ApiError where there is none */
export async function namespaceOf(name: string, world: AdmissionWorld): Promise<Namespace> {
  const home = (await world.mirror(Namespace)).get(name);
  if (!home) throw notFound({ group: '', resource: 'namespaces' }, name);
  return home;
}
