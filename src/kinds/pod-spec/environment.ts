// What is wrong with the environment of a container: variables, and where their values come from.

import { type Issue, invalid, notSupported, required } from '../../api/issues.ts';
import { isConfigMapKey, isDns1123Label, isDns1123Subdomain, isEnvVarName, isQualifiedName } from '../../base/names.ts';
import { backstepIssues, complain } from '../checks.ts';
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../generated/types/core-v1.ts';
import { compareAmounts, isZeroAmount } from '../quantities.ts';

const environmentFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** What the downward API can name at all, here or there. */
const pathsOfPods = new Set([
  ...environmentFields,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

export function environmentIssues(variables: readonly EnvVar[], field: string): Issue[] {
  return variables.flatMap((variable, i) => {
    const place = `${field}[${i}]`;
    const issues = variable.name ? complain(`${place}.name`, variable.name, isEnvVarName) : [required(`${place}.name`)];
    return [...issues, ...sourceIssues(variable, `${place}.valueFrom`)];
  });
}

function sourceIssues({ value, valueFrom }: EnvVar, field: string): Issue[] {
  if (!valueFrom) return [];
  const issues = referenceIssues(valueFrom, field);
  const count = (['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const).filter(
    (name) => valueFrom[name],
  ).length;
  if (count === 0) {
    const rule =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    return [...issues, invalid(field, '', rule)];
  }
  if (value) return [...issues, invalid(field, '', 'may not be specified when `value` is not empty')];
  return count > 1 ? [...issues, invalid(field, '', 'may not have more than one field specified at a time')] : issues;
}

function referenceIssues(source: EnvVarSource, field: string): Issue[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  return [
    ...(fieldRef ? fieldReferenceIssues(fieldRef, `${field}.fieldRef`, environmentFields) : []),
    ...(resourceFieldRef ? resourceReferenceIssues(resourceFieldRef, `${field}.resourceFieldRef`) : []),
    ...(configMapKeyRef ? keyReferenceIssues(configMapKeyRef, `${field}.configMapKeyRef`) : []),
    ...(secretKeyRef ? keyReferenceIssues(secretKeyRef, `${field}.secretKeyRef`) : []),
    ...(fileKeyRef ? fileReferenceIssues(fileKeyRef, `${field}.fileKeyRef`) : []),
  ];
}

/** A field of the pod itself, one of the paths allowed at this place, or a single label or annotation. */
export function fieldReferenceIssues(
  reference: ObjectFieldSelector,
  field: string,
  allowed: readonly string[],
): Issue[] {
  const { apiVersion, fieldPath } = reference;
  if (!apiVersion) return [required(`${field}.apiVersion`)];
  if (!fieldPath) return [required(`${field}.fieldPath`)];
  const [, path = fieldPath, subscript] = /^(.*)\['(.*)'\]$/.exec(fieldPath) ?? [];
  const problem = conversionProblem(apiVersion, path, subscript);
  if (problem) return [invalid(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`)];
  if (subscript !== undefined) {
    const key = path === 'metadata.annotations' ? subscript.toLowerCase() : subscript;
    return isQualifiedName(key).map((text) => invalid(field, subscript, text));
  }
  const known = path === 'spec.host' ? 'spec.nodeName' : path;
  return allowed.includes(known) ? [] : [notSupported(`${field}.fieldPath`, known, allowed)];
}

function conversionProblem(apiVersion: string, path: string, subscript: string | undefined): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`;
  if (subscript !== undefined) {
    const has = path === 'metadata.annotations' || path === 'metadata.labels';
    return has ? undefined : `field label does not support subscript`;
  }
  return pathsOfPods.has(path) || path === 'spec.host' ? undefined : `field label not supported: ${path}`;
}

const referable = ['cpu', 'memory', 'ephemeral-storage'];
const resourcePaths = ['limits', 'requests'].flatMap((kind) => referable.map((name) => `${kind}.${name}`));
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function resourceReferenceIssues(
  reference: ResourceFieldSelector,
  field: string,
  container?: 'of a container',
): Issue[] {
  const { containerName, resource, divisor } = reference;
  const divisors = divisorIssues(resource, divisor, `${field}.divisor`);
  if (container && !containerName) return [required(`${field}.containerName`), ...divisors];
  if (!resource) return [required(`${field}.resource`)];
  if (resourcePaths.includes(resource) || isHugePagesPath(resource)) return divisors;
  return [notSupported(`${field}.resource`, resource, resourcePaths)];
}

const isHugePagesPath = (resource: string): boolean => /^(limits|requests)\.hugepages-/.test(resource);

function divisorIssues(resource: string, divisor: string | undefined, field: string): Issue[] {
  if (divisor === undefined || isZeroAmount(divisor)) return [];
  if (!resourcePaths.includes(resource) && !isHugePagesPath(resource)) return [];
  const name = resource.slice(resource.indexOf('.') + 1);
  const supported = name === 'cpu' ? ['1m', '1'] : byteDivisors;
  if (supported.some((each) => compareAmounts(each, divisor) === 0)) return [];
  const list = name === 'cpu' ? '1m and 1' : byteDivisors.join(', ');
  const what =
    name === 'ephemeral-storage' ? 'local ephemeral storage' : name.startsWith('hugepages-') ? 'hugepages' : name;
  return [invalid(field, resource, `only divisor's values ${list} are supported with the ${what} resource`)];
}

function keyReferenceIssues({ name, key }: ConfigMapKeySelector, field: string): Issue[] {
  return [
    ...complain(`${field}.name`, name ?? '', isDns1123Subdomain),
    ...(key ? complain(`${field}.key`, key, isConfigMapKey) : [required(`${field}.key`)]),
  ];
}

function fileReferenceIssues({ volumeName, path, key }: FileKeySelector, field: string): Issue[] {
  return [
    ...(key ? complain(`${field}.key`, key, isEnvVarName) : [required(`${field}.key`)]),
    ...(volumeName ? complain(`${field}.volumeName`, volumeName, isDns1123Label) : [required(`${field}.volumeName`)]),
    ...(path ? backstepIssues(path, `${field}.path`) : [required(`${field}.path`)]),
  ];
}

export function environmentFromIssues(sources: readonly EnvFromSource[], field: string): Issue[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, i) => {
    const place = `${field}[${i}]`;
    const issues = prefix ? complain(`${place}.prefix`, prefix, isEnvVarName) : [];
    if (configMapRef) issues.push(...nameIssues(configMapRef.name, `${place}.configMapRef.name`));
    if (secretRef) issues.push(...nameIssues(secretRef.name, `${place}.secretRef.name`));
    if (!configMapRef && !secretRef) {
      issues.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef && secretRef) {
      issues.push(invalid(field, '', 'may not have more than one field specified at a time'));
    }
    return issues;
  });
}

const nameIssues = (name: string | undefined, field: string): Issue[] =>
  name ? complain(field, name, isDns1123Subdomain) : [required(field)];
