// What is wrong with a metric an autoscaler is to follow.

import { isDns1123Label, isPathSegmentName } from '../../base/names.ts';
import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import type { MetricSpec, MetricTarget } from '../generated/types/autoscaling-v2.ts';
import { compareAmounts } from '../quantities.ts';
import { containerResourceNameIssues } from '../pod-spec/resources.ts';
import { type VersionRule, referenceIssues } from './horizontal-pod-autoscaler.ts';

const sources = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const;

type Source = (typeof sources)[keyof typeof sources];

/** `versionRule`: what the apiVersion of a described object must say. */
export function metricIssues(metric: MetricSpec, field: string, versionRule: VersionRule): Issue[] {
  const type = metric.type ?? '';
  const expected = Object.hasOwn(sources, type) ? sources[type] : undefined;
  const given = Object.values(sources).filter((source) => metric[source]);
  const issues = expected ? [] : typeIssues(type, `${field}.type`);
  if (expected && !metric[expected]) {
    issues.push(required(`${field}.${expected}`, 'must populate information for the given metric source'));
  }
  if (given[0]) issues.push(...sourceIssues(metric, given[0], `${field}.${given[0]}`, versionRule));
  if (given.length < 2) return issues;
  const others = given.filter((source) => source !== expected);
  return [
    ...issues,
    ...others.map((source) => forbiddenField(`${field}.${source}`, 'must populate the given metric source only')),
  ];
}

/** Kubernetes complains of the type twice. */
function typeIssues(type: string, field: string): Issue[] {
  const unknown = notSupported(field, type, Object.keys(sources));
  return [...(type ? [] : [required(field, 'must specify a metric source type')]), unknown, unknown];
}

function sourceIssues(metric: MetricSpec, source: Source, field: string, versionRule: VersionRule): Issue[] {
  const target: Partial<MetricTarget> = metric[source]?.target ?? {};
  const wanted = targetIssues(target, `${field}.target`);
  const { value, averageValue, averageUtilization } = target;
  const neither = value === undefined && averageValue === undefined;
  switch (source) {
    case 'object':
      return [
        ...referenceIssues(metric.object?.describedObject, `${field}.describedObject`, versionRule),
        ...identifierIssues(metric.object?.metric?.name, field),
        ...wanted,
        ...(neither
          ? [required(`${field}.target.averageValue`, 'must set either a target value or averageValue')]
          : []),
      ];
    case 'external':
      return [
        ...identifierIssues(metric.external?.metric?.name, field),
        ...wanted,
        ...(neither
          ? [required(`${field}.target.averageValue`, 'must set either a target value for metric or a per-pod target')]
          : []),
        ...(value !== undefined && averageValue !== undefined
          ? [forbiddenField(`${field}.target.value`, 'may not set both a target value for metric and a per-pod target')]
          : []),
      ];
    case 'pods':
      return [
        ...identifierIssues(metric.pods?.metric?.name, field),
        ...wanted,
        ...(averageValue === undefined
          ? [required(`${field}.target.averageValue`, 'must specify a positive target averageValue')]
          : []),
      ];
    default:
      return [
        ...(metric[source]?.name ? [] : [required(`${field}.name`, 'must specify a resource name')]),
        ...(source === 'containerResource' ? containerIssues(metric.containerResource, field) : []),
        ...wanted,
        ...shareIssues(averageUtilization, averageValue, `${field}.target`),
      ];
  }
}

const isPositive = (amount: string): boolean => compareAmounts(amount, '0') > 0;

const containerIssues = (source: MetricSpec['containerResource'], field: string): Issue[] => [
  ...(source?.name ? containerResourceNameIssues(source.name, `${field}.name`) : []),
  ...(source?.container
    ? complain(`${field}.container`, source.container, isDns1123Label)
    : [required(`${field}.container`, 'must specify a container')]),
];

function shareIssues(utilization: number | undefined, value: string | undefined, field: string): Issue[] {
  if (utilization === undefined && value === undefined) {
    return [required(`${field}.averageUtilization`, 'must set either a target raw value or a target utilization')];
  }
  if (utilization === undefined || value === undefined) return [];
  return [forbiddenField(`${field}.averageValue`, 'may not set both a target raw value and a target utilization')];
}

function identifierIssues(name: string | undefined, field: string): Issue[] {
  if (!name) return [required(`${field}.metric.name`, 'must specify a metric name')];
  return complain(`${field}.metric.name`, name, isPathSegmentName);
}

function targetIssues(target: Partial<MetricTarget>, field: string): Issue[] {
  const { type, value, averageValue, averageUtilization } = target;
  const issues = type ? [] : [required(`${field}.type`, 'must specify a metric target type')];
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') {
    issues.push(invalid(`${field}.type`, type ?? '', 'must be either Utilization, Value, or AverageValue'));
  }
  if (value !== undefined && !isPositive(value)) issues.push(invalid(`${field}.value`, value, 'must be positive'));
  if (averageValue !== undefined && !isPositive(averageValue)) {
    issues.push(invalid(`${field}.averageValue`, averageValue, 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    issues.push(invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
  return issues;
}
