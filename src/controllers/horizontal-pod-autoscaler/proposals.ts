// What each metric of an autoscaler proposes, how its status shows it, and in which words it fails.

import { milliOf, quantityOfMilli } from '../../base/quantity.ts';
import type {
  ExternalMetricSource,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
  ObjectMetricSource,
  PodsMetricSource,
} from '../../kinds/generated/types/autoscaling-v2.ts';
import {
  type Present,
  replicasForAverage,
  replicasForRatio,
  replicasForShare,
  replicasForUtilization,
  type Wanted,
} from './measured-pods.ts';
import { type Fault, goSelector, type PodReading, type Reading } from './readings.ts';

export interface Proposal {
  readonly replicas: number;
  /** As messages name the metric. */
  readonly name: string;
  readonly status: MetricStatus;
}

export interface Failure {
  /** Of the event and the condition. */
  readonly reason: string;
  readonly message: string;
  /** What it is called among the metrics that failed. */
  readonly told: string;
}

/** The present, with the two counts that a scale has. */
export interface Measured extends Present {
  readonly statusReplicas: number;
}

export function proposalOf(spec: MetricSpec, reading: Reading, present: Measured): Proposal | Failure {
  if (spec.resource) return ofResource(spec.resource, undefined, reading, present);
  if (spec.containerResource) {
    const { container, ...source } = spec.containerResource;
    return ofResource(source, container, reading, present);
  }
  if (spec.pods) return ofPods(spec.pods, reading, present);
  if (spec.object) return ofObject(spec.object, reading, present);
  if (spec.external) return ofExternal(spec.external, reading, present);
  const message = `unknown metric source type ${JSON.stringify(spec.type)}`;
  return { reason: 'InvalidMetricSourceType', message, told: message };
}

const podsIn = (reading: Reading): PodReading | Fault =>
  'fault' in reading ? reading : 'pods' in reading ? reading.pods : new Map();

const totalIn = (reading: Reading): number | Fault =>
  'fault' in reading ? reading : 'values' in reading ? summed(reading.values) : 0;

/** The largest 64-bit number is not passed. */
const summed = (values: readonly number[]): number =>
  Math.min(
    2 ** 63 - 1,
    values.reduce((sum, value) => sum + value, 0),
  );

interface ResourceSource {
  readonly name: string;
  readonly target: MetricTarget;
}

function ofResource(
  { name, target }: ResourceSource,
  container: string | undefined,
  reading: Reading,
  present: Measured,
): Proposal | Failure {
  const whole = container === undefined;
  const fail = (message: string): Failure => ({
    reason: whole ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric',
    message,
    told: whole
      ? `failed to get ${name} resource metric value: ${message}`
      : `failed to get ${container} container metric value: ${message}`,
  });
  const { averageValue, averageUtilization: percent } = target;
  if (averageValue === undefined && percent === undefined)
    return fail(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  const wanted = resourceWanted(
    target,
    { resource: name, ...(container !== undefined && { container }) },
    reading,
    present,
  );
  if ('fault' in wanted)
    return fail(`failed to get ${name} ${averageValue === undefined ? 'utilization' : 'usage'}: ${wanted.fault}`);
  const current: MetricValueStatus = {
    ...(wanted.utilization !== undefined && { averageUtilization: wanted.utilization }),
    averageValue: quantityOfMilli(wanted.average, name === 'memory' ? 'BinarySI' : 'DecimalSI').text,
  };
  const kind = whole ? 'resource' : 'container resource';
  return {
    replicas: wanted.replicas,
    name: averageValue === undefined ? `${name} ${kind} utilization (percentage of request)` : `${name} resource`,
    status: whole
      ? { type: 'Resource', resource: { name, current } }
      : { type: 'ContainerResource', containerResource: { name, container, current } },
  };
}

function resourceWanted(
  { averageValue, averageUtilization: percent = 0 }: MetricTarget,
  of: { readonly resource: string; readonly container?: string },
  reading: Reading,
  present: Measured,
): Wanted | Fault {
  const pods = podsIn(reading);
  if ('fault' in pods) return pods;
  if (averageValue !== undefined) return replicasForAverage(pods, milliOf(averageValue), of.resource, present);
  return replicasForUtilization(pods, { ...of, percent }, present);
}

function ofPods({ metric, target }: PodsMetricSource, reading: Reading, present: Measured): Proposal | Failure {
  const pods = podsIn(reading);
  const wanted = 'fault' in pods ? pods : replicasForAverage(pods, milliOf(target.averageValue ?? '0'), '', present);
  if ('fault' in wanted) {
    const told = `failed to get pods metric value: ${wanted.fault}`;
    return { reason: 'FailedGetPodsMetric', message: wanted.fault, told };
  }
  return {
    replicas: wanted.replicas,
    name: `pods metric ${metric.name}`,
    status: { type: 'Pods', pods: { metric, current: { averageValue: thousandths(wanted.average) } } },
  };
}

const thousandths = (milli: number): string => quantityOfMilli(milli).text;

/** A value that is divided among the pods, or compared as a whole, as the target says. */
function totalWanted(
  { value, averageValue }: Pick<MetricTarget, 'value' | 'averageValue'>,
  reading: Reading,
  present: Measured,
): { readonly replicas: number; readonly current: MetricValueStatus } | Fault {
  const total = totalIn(reading);
  if (typeof total !== 'number') return total;
  if (averageValue !== undefined) {
    const share = replicasForShare(total, milliOf(averageValue), { ...present, replicas: present.statusReplicas });
    return { replicas: share.replicas, current: { averageValue: thousandths(share.average) } };
  }
  const replicas = replicasForRatio(total / milliOf(value ?? '0'), present);
  return typeof replicas === 'number' ? { replicas, current: { value: thousandths(total) } } : replicas;
}

function ofObject(source: ObjectMetricSource, reading: Reading, present: Measured): Proposal | Failure {
  const { metric, describedObject, target } = source;
  const fail = (message: string, told: string): Failure => ({
    reason: 'FailedGetObjectMetric',
    message,
    told: `failed to get object metric value: ${told}`,
  });
  const { type, value, averageValue } = target;
  const shared = type === 'AverageValue' && averageValue !== undefined;
  if (!shared && !(type === 'Value' && value !== undefined)) {
    const message = 'invalid object metric source: neither a value target nor an average value target was set';
    return fail(message, message);
  }
  const wanted = totalWanted(shared ? { averageValue } : { value: value ?? '0' }, reading, present);
  if ('fault' in wanted)
    return fail(wanted.fault, shared ? `failed to get ${metric.name} object metric: ${wanted.fault}` : wanted.fault);
  return {
    replicas: wanted.replicas,
    name: shared ? externalName(metric) : `${describedObject.kind} metric ${metric.name}`,
    status: { type: 'Object', object: { metric, describedObject, current: wanted.current } },
  };
}

const externalName = ({ name, selector }: ObjectMetricSource['metric']): string =>
  `external metric ${name}(${goSelector(selector)})`;

function ofExternal({ metric, target }: ExternalMetricSource, reading: Reading, present: Measured): Proposal | Failure {
  const { value, averageValue } = target;
  const fail = (message: string, told: string): Failure => ({
    reason: 'FailedGetExternalMetric',
    message,
    told: `failed to get ${metric.name} external metric value: ${told}`,
  });
  if (value === undefined && averageValue === undefined) {
    const message = 'invalid external metric source: neither a value target nor an average value target was set';
    return fail(message, message);
  }
  const wanted = totalWanted(target, reading, present);
  if ('fault' in wanted) {
    const what = averageValue === undefined ? `external metric ${metric.name}` : `${metric.name} external metric`;
    return fail(wanted.fault, `failed to get ${what}: ${wanted.fault}`);
  }
  return {
    replicas: wanted.replicas,
    name: externalName(metric),
    status: { type: 'External', external: { metric, current: wanted.current } },
  };
}
