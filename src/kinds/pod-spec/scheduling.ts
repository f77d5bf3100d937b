// What is wrong with where a pod wants to run: selectors, affinity, tolerations, spreading, gates.

import { type Issue, duplicate, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../base/names.ts';
import type { LabelSelector } from '../../base/selectors.ts';
import { complain, labelSelectorIssues, notListed } from '../checks.ts';
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSchedulingGate,
  Toleration,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from '../generated/types/core-v1.ts';

type Labels = Readonly<Record<string, string>> | undefined;

const required_ = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred_ = 'preferredDuringSchedulingIgnoredDuringExecution';

export function affinityIssues(affinity: Affinity | undefined, field: string, labels: Labels): Issue[] {
  if (!affinity) return [];
  return [
    ...nodeAffinityIssues(affinity.nodeAffinity, `${field}.nodeAffinity`),
    ...podTermsIssues(affinity.podAffinity, `${field}.podAffinity`, labels),
    ...podTermsIssues(affinity.podAntiAffinity, `${field}.podAntiAffinity`, labels),
  ];
}

/** Also of the scheduler's added affinity. */
export function nodeAffinityIssues(nodeAffinity: NodeAffinity | undefined, field: string): Issue[] {
  if (!nodeAffinity) return [];
  const wanted = nodeAffinity[preferred_] ?? [];
  return [
    ...nodeSelectorIssues(nodeAffinity[required_], `${field}.${required_}`),
    ...wanted.flatMap(({ weight, preference }, i) => [
      ...weightIssues(weight, `${field}.${preferred_}[${i}].weight`),
      ...nodeTermIssues(preference, `${field}.${preferred_}[${i}].preference`, 'any values'),
    ]),
  ];
}

const weightIssues = (weight: number, field: string): Issue[] =>
  weight < 1 || weight > 100 ? [invalid(field, weight, 'must be in the range 1-100')] : [];

/** Also of persistent volumes and resource slices. */
export function nodeSelectorIssues(selector: NodeSelector | undefined, field: string): Issue[] {
  if (!selector) return [];
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) {
    return [required(`${field}.nodeSelectorTerms`, 'must have at least one node selector term')];
  }
  return terms.flatMap((term, i) => nodeTermIssues(term, `${field}.nodeSelectorTerms[${i}]`));
}

/** Values that are no labels' can match nothing; where only a wish depends on it they draw a warning instead. */
function nodeTermIssues(term: NodeSelectorTerm, field: string, values?: 'any values'): Issue[] {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  return [
    ...expressions.flatMap((each, i) => nodeRequirementIssues(each, `${field}.matchExpressions[${i}]`, values)),
    ...fields.flatMap((each, i) => nodeFieldIssues(each, `${field}.matchFields[${i}]`)),
  ];
}

function nodeRequirementIssues(each: NodeSelectorRequirement, field: string, values?: 'any values'): Issue[] {
  const given = each.values ?? [];
  const issues = nodeOperatorIssues(each.operator, given.length, field);
  issues.push(...complain(`${field}.key`, each.key, isQualifiedName));
  if (values) return issues;
  given.forEach((value, i) => issues.push(...complain(`${field}.values[${i}]`, value, isLabelValue)));
  return issues;
}

function nodeOperatorIssues(operator: string, count: number, field: string): Issue[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return count > 0 ? [] : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return count === 0
        ? []
        : [forbiddenField(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case 'Gt':
    case 'Lt':
      return count === 1
        ? []
        : [required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalid(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}

function nodeFieldIssues(each: NodeSelectorRequirement, field: string): Issue[] {
  const values = each.values ?? [];
  const issues: Issue[] = [];
  if (each.operator !== 'In' && each.operator !== 'NotIn') {
    issues.push(invalid(`${field}.operator`, each.operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const rule = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    issues.push(required(`${field}.values`, rule));
  }
  if (each.key !== 'metadata.name') {
    return [...issues, invalid(`${field}.key`, each.key, 'not a valid field selector key')];
  }
  values.forEach((value, i) => issues.push(...complain(`${field}.values[${i}]`, value, isDns1123Subdomain)));
  return issues;
}

interface PodTerms {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[];
}

function podTermsIssues(affinity: PodTerms | undefined, field: string, labels: Labels): Issue[] {
  const needed = affinity?.[required_] ?? [];
  const wanted = affinity?.[preferred_] ?? [];
  return [
    ...needed.flatMap((term, i) => podTermIssues(term, `${field}.${required_}[${i}]`, labels)),
    ...wanted.flatMap(({ weight, podAffinityTerm }, i) => [
      ...weightIssues(weight, `${field}.${preferred_}[${i}].weight`),
      ...podTermIssues(podAffinityTerm, `${field}.${preferred_}[${i}].podAffinityTerm`, labels),
    ]),
  ];
}

function podTermIssues(term: PodAffinityTerm, field: string, labels: Labels): Issue[] {
  return [
    ...labelSelectorIssues(term.labelSelector, `${field}.labelSelector`),
    ...labelSelectorIssues(term.namespaceSelector, `${field}.namespaceSelector`),
    ...(term.namespaces ?? []).flatMap((name) => complain(`${field}.namespace`, name, isDns1123Label)),
    ...podTermKeyIssues(term, field, labels),
    ...(term.topologyKey ? [] : [required(`${field}.topologyKey`, 'can not be empty')]),
    ...complain(`${field}.topologyKey`, term.topologyKey, isQualifiedName),
  ];
}

function podTermKeyIssues(term: PodAffinityTerm, field: string, labels: Labels): Issue[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  const issues = [
    ...selectorKeyIssues(
      { name: 'matchLabelKeys', keys: matchLabelKeys, operator: 'In', selector: labelSelector },
      `${field}.matchLabelKeys`,
      labels,
    ),
    ...selectorKeyIssues(
      { name: 'mismatchLabelKeys', keys: mismatchLabelKeys, operator: 'NotIn', selector: labelSelector },
      `${field}.mismatchLabelKeys`,
      labels,
    ),
  ];
  matchLabelKeys.forEach((key, i) => {
    if (!mismatchLabelKeys.includes(key)) return;
    issues.push(invalid(`${field}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  });
  return issues;
}

interface SelectorKeys {
  readonly name: string;
  readonly keys: readonly string[];
  /** How a key is merged into the selector when a pod is made. */
  readonly operator: 'In' | 'NotIn';
  readonly selector: LabelSelector | undefined;
}

/** Keys whose values come from the pod's labels: what the selector says of them already may be no more than what the merge put there. */
function selectorKeyIssues({ name, keys, operator, selector }: SelectorKeys, field: string, labels: Labels): Issue[] {
  if (keys.length === 0) return [];
  if (!selector) return [forbiddenField(field, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((key, i) => {
    const mentions = mentionsOf(key, selector);
    const merged = (selector.matchExpressions ?? []).some(
      (each) =>
        each.key === key && each.operator === operator && each.values?.length === 1 && each.values[0] === labels?.[key],
    );
    const issues = complain(`${field}[${i}]`, key, isQualifiedName);
    if (mentions > (merged ? 1 : 0))
      issues.push(invalid(`${field}[${i}]`, key, `exists in both ${name} and labelSelector`));
    return issues;
  });
}

const mentionsOf = (key: string, { matchLabels, matchExpressions }: LabelSelector): number =>
  (key in (matchLabels ?? {}) ? 1 : 0) + (matchExpressions ?? []).filter((each) => each.key === key).length;

export function spreadIssues(constraints: readonly TopologySpreadConstraint[], field: string, labels: Labels): Issue[] {
  return constraints.flatMap((constraint, i) => {
    const place = `${field}[${i}]`;
    const { topologyKey, whenUnsatisfiable } = constraint;
    const repeated = constraints
      .slice(i + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    return [
      ...positive(constraint.maxSkew, `${place}.maxSkew`),
      ...(topologyKey
        ? complain(`${place}.topologyKey`, topologyKey, isQualifiedName)
        : [required(`${place}.topologyKey`, 'can not be empty')]),
      ...oneOf(whenUnsatisfiable, `${place}.whenUnsatisfiable`, ['DoNotSchedule', 'ScheduleAnyway']),
      ...(repeated
        ? [duplicate(`${place}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`)]
        : []),
      ...minDomainsIssues(constraint, `${place}.minDomains`),
      ...inclusionIssues(constraint.nodeAffinityPolicy, `${place}.nodeAffinityPolicy`),
      ...inclusionIssues(constraint.nodeTaintsPolicy, `${place}.nodeTaintsPolicy`),
      ...spreadKeyIssues(constraint, place, labels),
      ...labelSelectorIssues(constraint.labelSelector, `${place}.labelSelector`),
    ];
  });
}

const positive = (value: number, field: string): Issue[] =>
  value > 0 ? [] : [invalid(field, value, 'must be greater than zero')];

const oneOf = (value: string, field: string, choices: string[]): Issue[] =>
  choices.includes(value) ? [] : [notSupported(field, value, choices)];

function minDomainsIssues({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, field: string): Issue[] {
  if (minDomains === undefined) return [];
  const issues = positive(minDomains, field);
  if (whenUnsatisfiable !== 'DoNotSchedule') {
    const rule = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    issues.push(invalid(field, minDomains, rule));
  }
  return issues;
}

const inclusionIssues = (policy: string | undefined, field: string): Issue[] =>
  policy === undefined ? [] : oneOf(policy, field, ['Honor', 'Ignore']);

/** Kubernetes names a doubled key by the constraint's own place. */
function spreadKeyIssues(constraint: TopologySpreadConstraint, place: string, labels: Labels): Issue[] {
  const { matchLabelKeys = [], labelSelector } = constraint;
  const keys: SelectorKeys = { name: 'matchLabelKeys', keys: matchLabelKeys, operator: 'In', selector: labelSelector };
  return selectorKeyIssues(keys, labelSelector ? place : `${place}.matchLabelKeys`, labels);
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const taintEffectIssues = (effect: string, field: string): Issue[] =>
  effects.includes(effect) ? [] : [notListed(field, effect, effects)];

export function tolerationIssues(tolerations: readonly Toleration[], field: string): Issue[] {
  return tolerations.flatMap((toleration, i) => {
    const { key = '', operator = '', effect = '', tolerationSeconds } = toleration;
    const place = `${field}[${i}]`;
    const issues = key ? complain(`${place}.key`, key, isQualifiedName) : [];
    if (!key && operator !== 'Exists') {
      const rule = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      issues.push(invalid(`${place}.operator`, operator, rule));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const rule = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      issues.push(invalid(`${place}.effect`, effect, rule));
    }
    issues.push(...toleratedValueIssues(toleration, `${place}.operator`));
    return effect ? [...issues, ...taintEffectIssues(effect, `${place}.effect`)] : issues;
  });
}

function toleratedValueIssues({ operator, value = '' }: Toleration, field: string): Issue[] {
  switch (operator as string | undefined) {
    case undefined:
    case '':
    case 'Equal': {
      const complaints = isLabelValue(value);
      return complaints.length > 0 ? [invalid(field, value, complaints.join(';'))] : [];
    }
    case 'Exists':
      return value ? [invalid(field, value, "value must be empty when `operator` is 'Exists'")] : [];
    case 'Lt':
    case 'Gt':
      return [notListed(field, operator, ['Equal', 'Exists', 'Lt', 'Gt'])];
    default:
      return [notListed(field, operator, ['Equal', 'Exists'])];
  }
}

export function schedulingGateIssues(gates: readonly PodSchedulingGate[], field: string): Issue[] {
  const seen = new Set<string>();
  return gates.flatMap(({ name }, i) => {
    const issues = complain(`${field}[${i}]`, name, isQualifiedName);
    if (seen.has(name)) issues.push(duplicate(`${field}[${i}]`, name));
    seen.add(name);
    return issues;
  });
}
