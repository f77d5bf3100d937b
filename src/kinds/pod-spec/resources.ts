// What is wrong with the resources that containers, pods and claims ask for.

import {
  type Issue,
  duplicate,
  forbiddenField,
  invalid,
  notFoundValue,
  notSupported,
  required,
} from '../../api/issues.ts';
import { isDns1123Label, isQualifiedName } from '../../base/names.ts';
import { choiceIssues, complain } from '../checks.ts';
import type { ContainerResizePolicy, ResourceClaim, ResourceRequirements } from '../generated/types/core-v1.ts';
import {
  compareAmounts,
  isMultipleOf,
  isNegativeAmount,
  isWholeAmount,
  isZeroAmount,
  sumOfAmounts,
} from '../quantities.ts';

type Quantities = Readonly<Record<string, string>>;

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

const quotaResources = new Set([
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  ...[
    'pods',
    'resourcequotas',
    'services',
    'replicationcontrollers',
    'secrets',
    'persistentvolumeclaims',
    'configmaps',
  ],
  'services.nodeports',
  'services.loadbalancers',
  'storage',
  'requests.storage',
]);

/** What a quota can limit without a vendor's domain. */
export const isQuotaResource = (name: string): boolean =>
  (quotaResources.has(name) && name !== 'storage') || /^(requests\.)?hugepages-/.test(name);

/** Resources counted in whole units. */
const wholeResources = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');

/** Of Kubernetes itself rather than of a vendor's domain. */
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;

export const mayBeOvercommitted = (name: string): boolean => isNative(name) && !isHugePages(name);

/** Names that quotas and limit ranges know too. */
export function resourceNameIssues(name: string, field: string): Issue[] {
  const complaints = isQualifiedName(name).map((text) => invalid(field, name, text));
  if (complaints.length > 0 || name.includes('/')) return complaints;
  const standard = quotaResources.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');
  return standard ? [] : [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

export function containerResourceNameIssues(name: string, field: string): Issue[] {
  const issues = resourceNameIssues(name, field);
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHugePages(name)) {
      issues.push(invalid(field, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    issues.push(invalid(field, name, "doesn't follow extended resource name standard"));
  }
  return issues;
}

/** Never less than nothing, and whole where halves make no sense. */
export function quantityIssues(name: string, quantity: string, field: string): Issue[] {
  const issues: Issue[] = [];
  if (isNegativeAmount(quantity)) issues.push(invalid(field, quantity, 'must be greater than or equal to 0'));
  if ((wholeResources.has(name) || isExtended(name)) && !isWholeAmount(quantity)) {
    issues.push(invalid(field, quantity, 'must be an integer'));
  }
  return issues;
}

function hugePageIssues(name: string, quantity: string, field: string): Issue[] {
  if (!isHugePages(name) || isMultipleOf(quantity, name.slice('hugepages-'.length))) return [];
  return [invalid(field, quantity, `${quantity} is not positive integer multiple of ${name}`)];
}

function quantitiesIssues(quantities: Quantities, field: string, nameIssues = containerResourceNameIssues): Issue[] {
  return Object.entries(quantities).flatMap(([name, quantity]) => {
    const place = `${field}[${name}]`;
    return [
      ...nameIssues(name, place),
      ...quantityIssues(name, quantity, place),
      ...hugePageIssues(name, quantity, place),
    ];
  });
}

/** What a container asks for. `claims` are the names of the pod's resource claims. */
export function resourceIssues(
  resources: ResourceRequirements | undefined,
  field: string,
  claims: ReadonlySet<string> = new Set(),
): Issue[] {
  if (!resources) return [];
  return [
    ...quantitiesIssues(resources.limits ?? {}, `${field}.limits`),
    ...requestIssues(resources, field),
    ...hugePagesAloneIssues(resources, field),
    ...claimIssues(resources, `${field}.claims`, claims),
  ];
}

function requestIssues({ limits = {}, requests = {} }: ResourceRequirements, field: string): Issue[] {
  return Object.entries(requests).flatMap(([name, quantity]) => {
    const place = `${field}.requests[${name}]`;
    return [
      ...containerResourceNameIssues(name, place),
      ...quantityIssues(name, quantity, place),
      ...limitIssues({ name, quantity, limit: limits[name] }, field),
      ...hugePageIssues(name, quantity, place),
    ];
  });
}

function limitIssues(request: { name: string; quantity: string; limit: string | undefined }, field: string): Issue[] {
  const { name, quantity, limit } = request;
  const overcommit = mayBeOvercommitted(name);
  if (limit === undefined) {
    if (overcommit) return [];
    return [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const difference = compareAmounts(quantity, limit);
  if (!overcommit && difference !== 0) {
    return [invalid(`${field}.requests`, quantity, `must be equal to ${name} limit of ${limit}`)];
  }
  if (difference > 0) {
    return [invalid(`${field}.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`)];
  }
  return [];
}

function hugePagesAloneIssues({ limits = {}, requests = {} }: ResourceRequirements, field: string): Issue[] {
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const accompanied = names.some((name) => name === 'cpu' || name === 'memory');
  return names.some(isHugePages) && !accompanied ? [forbiddenField(field, 'HugePages require cpu or memory')] : [];
}

function claimIssues({ claims = [] }: ResourceRequirements, field: string, known: ReadonlySet<string>): Issue[] {
  const seen = new Set<string>();
  return claims.flatMap((claim, i) => {
    if (!claim.name) return [required(`${field}[${i}]`)];
    const issues = sameClaimIssues(claim, `${field}[${i}]`, seen);
    if (known.has(claim.name)) return issues;
    const names = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
    const { message, ...issue } = notFoundValue(`${field}[${i}]`, claim.name);
    return [
      ...issues,
      { ...issue, message: `${message}: must be one of the names in pod.spec.resourceClaims${names}` },
    ];
  });
}

/** A claim is referred to as a whole, once, or by some of its requests, each once. */
function sameClaimIssues({ name, request }: ResourceClaim, field: string, seen: Set<string>): Issue[] {
  if (seen.has(name)) return [duplicate(field, name)];
  const key = request ? `${name}/${request}` : name;
  const issues = request ? complain(`${field}.request`, request, isDns1123Label) : [];
  if (seen.has(key)) issues.push(duplicate(field, key));
  else if (!request) {
    for (const other of seen) if (other.startsWith(`${name}/`)) issues.push(duplicate(field, name));
  }
  seen.add(key);
  return issues;
}

export function resizePolicyIssues(
  policies: readonly ContainerResizePolicy[],
  field: string,
  podRestartPolicy: string | undefined,
): Issue[] {
  const seen = new Set<string>();
  return policies.flatMap(({ resourceName, restartPolicy }, i) => {
    const issues: Issue[] = seen.has(resourceName) ? [duplicate(`${field}[${i}]`, resourceName)] : [];
    seen.add(resourceName);
    issues.push(...choiceIssues(resourceName, field, ['cpu', 'memory']));
    issues.push(...choiceIssues(restartPolicy, field, ['NotRequired', 'RestartContainer']));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      issues.push(invalid(field, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return issues;
  });
}

interface Asking {
  readonly resources?: ResourceRequirements;
}

interface AskingPod {
  readonly os?: { readonly name: string };
  readonly resources?: ResourceRequirements;
  readonly containers: readonly Asking[];
  readonly initContainers?: readonly Asking[];
}

/** Whether a resource can be asked for by a pod as a whole. */
export const isPodResource = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name);

/** What a pod asks for as a whole, against itself and against what its containers ask for. */
export function podResourceIssues(spec: AskingPod, field: string): Issue[] {
  const resources = spec.resources;
  if (!resources) return [];
  if (spec.os?.name === 'windows') return [forbiddenField(field, 'may not be set for a windows pod')];
  const issues = resources.claims
    ? [forbiddenField(`${field}.claims`, 'claims may not be set for Resources at pod-level')]
    : [];
  issues.push(
    ...quantitiesIssues(resources.limits ?? {}, `${field}.limits`, podResourceNameIssues),
    ...Object.entries(resources.requests ?? {}).flatMap(([name, quantity]) => [
      ...podResourceNameIssues(name, `${field}.requests[${name}]`),
      ...(isPodResource(name) ? quantityIssues(name, quantity, `${field}.requests[${name}]`) : []),
      ...(isPodResource(name) ? limitIssues({ name, quantity, limit: resources.limits?.[name] }, field) : []),
    ]),
  );
  return [...issues, ...podAgainstContainers(spec, resources, field)];
}

function podResourceNameIssues(name: string, field: string): Issue[] {
  return isPodResource(name) ? [] : [notSupported(field, name, ['cpu', 'hugepages-', 'memory'])];
}

function podAgainstContainers(spec: AskingPod, resources: ResourceRequirements, field: string): Issue[] {
  const issues: Issue[] = [];
  for (const [name, quantity] of Object.entries(resources.requests ?? {})) {
    const all = requestsOf(spec.containers, name);
    if (all === undefined || compareAmounts(quantity, all) >= 0) continue;
    const rule = `must be greater than or equal to aggregate container requests of ${all}`;
    issues.push(invalid(`${field}.requests[${name}]`, quantity, rule));
  }
  for (const [name, limit] of Object.entries(resources.limits ?? {}).filter(([name]) => isHugePages(name))) {
    const all = limitsOf(spec.containers, name);
    if (all === undefined || compareAmounts(limit, all) >= 0) continue;
    const rule = `must be greater than or equal to aggregate container limits of ${all}`;
    issues.push(invalid(`${field}.limits[${name}]`, limit, rule));
  }
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    spec.containers.forEach((container, i) => {
      const own = container.resources?.limits?.[name];
      if (own === undefined || compareAmounts(own, limit) <= 0) return;
      const rule = `must be less than or equal to pod limits of ${limit}`;
      issues.push(invalid(`${field}.containers[${i}][${name}].limits`, own, rule));
    });
  }
  return issues;
}

function limitsOf(containers: readonly Asking[], name: string): string | undefined {
  const limits = containers.flatMap((container) => container.resources?.limits?.[name] ?? []);
  return limits.length === 0 ? undefined : sumOfAmounts(limits.filter((text) => !isZeroAmount(text)));
}

/** The sum of what these containers ask for of one resource; undefined when none asks. */
export function requestsOf(containers: readonly Asking[], name: string): string | undefined {
  const asked = containers.flatMap((container) => container.resources?.requests?.[name] ?? []);
  return asked.length === 0 ? undefined : sumOfAmounts(asked.filter((text) => !isZeroAmount(text)));
}
