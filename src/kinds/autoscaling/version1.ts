// autoscaling/v1 knows one metric only, the share of CPU; what else there is travels in annotations, as Kubernetes writes them.

import type { KubeObject } from '../../api/object.ts';
import type * as v1 from '../generated/types/autoscaling-v1.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from '../generated/types/autoscaling-v2.ts';

const annotation = (name: string) => `autoscaling.alpha.kubernetes.io/${name}`;
const metricsAnnotation = annotation('metrics');
const currentMetricsAnnotation = annotation('current-metrics');
const conditionsAnnotation = annotation('conditions');
const behaviorAnnotation = annotation('behavior');
const all = [metricsAnnotation, currentMetricsAnnotation, conditionsAnnotation, behaviorAnnotation];

/** Takes the annotations off: they say nothing to those who can read the fields. */
export function withoutVersion1Annotations({ metadata }: KubeObject): void {
  if (!all.some((name) => metadata.annotations?.[name] !== undefined)) return;
  const others = Object.entries(metadata.annotations ?? {}).filter(([name]) => !all.includes(name));
  if (others.length > 0) metadata.annotations = Object.fromEntries(others);
  else delete metadata.annotations;
}

const isCpuShare = ({ type, resource }: MetricSpec): boolean =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;

export function toVersion1(object: KubeObject): KubeObject {
  const { spec, status, ...rest } = object as HorizontalPodAutoscaler;
  const metrics = spec.metrics ?? [];
  const others = metrics.filter((metric) => !isCpuShare(metric));
  const target = metrics.find(isCpuShare)?.resource?.target.averageUtilization;
  withoutVersion1Annotations(rest);
  const annotations = {
    ...rest.metadata.annotations,
    ...(others.length > 0 && { [metricsAnnotation]: JSON.stringify(others.map(metricTo1)) }),
    ...((status?.currentMetrics ?? []).length > 0 && {
      [currentMetricsAnnotation]: JSON.stringify(status?.currentMetrics.map(currentTo1)),
    }),
    ...(spec.behavior && { [behaviorAnnotation]: JSON.stringify(internalBehavior(spec.behavior)) }),
    ...((status?.conditions ?? []).length > 0 && { [conditionsAnnotation]: JSON.stringify(status?.conditions) }),
  };
  return {
    ...rest,
    metadata: { ...rest.metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      ...(spec.minReplicas !== undefined && { minReplicas: spec.minReplicas }),
      maxReplicas: spec.maxReplicas,
      ...(target !== undefined && { targetCPUUtilizationPercentage: target }),
    } satisfies v1.HorizontalPodAutoscalerSpec,
    ...(status && { status: statusTo1(status) }),
  };
}

function statusTo1(status: HorizontalPodAutoscalerStatus): v1.HorizontalPodAutoscalerStatus {
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas } = status;
  const cpu = (status.currentMetrics ?? []).findLast(
    ({ type, resource }) =>
      type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization !== undefined,
  );
  const share = cpu?.resource?.current.averageUtilization;
  return {
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(lastScaleTime !== undefined && { lastScaleTime }),
    currentReplicas,
    desiredReplicas,
    ...(share !== undefined && { currentCPUUtilizationPercentage: share }),
  };
}

export function fromVersion1(object: KubeObject): KubeObject {
  const { spec: spec1, status: status1, ...rest } = object as v1.HorizontalPodAutoscaler;
  const annotations = rest.metadata.annotations ?? {};
  const spec = specFrom1(spec1 ?? { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 });
  const status = status1 && statusFrom1(status1);
  const others = parsedList<Flat>(annotations[metricsAnnotation]);
  if (others) spec.metrics = [...others.map(metricFrom1), ...(spec.metrics ?? [])];
  const behavior = parsedBehavior(annotations[behaviorAnnotation]);
  if (behavior) spec.behavior = behavior;
  const current = parsedList<Flat>(annotations[currentMetricsAnnotation]);
  if (status && current) status.currentMetrics = current.map(currentFrom1);
  const conditions = parsedList<NonNullable<HorizontalPodAutoscalerStatus['conditions']>[number]>(
    annotations[conditionsAnnotation],
  );
  if (status && conditions) status.conditions = conditions;
  withoutVersion1Annotations(rest);
  return { ...rest, spec, ...(status && { status }) };
}

/** Annotations that are no JSON, or not of the right form, are as good as none. */
function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsedList<T>(text: string | undefined): T[] | undefined {
  const value = parsed(text);
  return Array.isArray(value) && value.every(isObject) ? (value as T[]) : undefined;
}

function parsedBehavior(text: string | undefined): HorizontalPodAutoscalerBehavior | undefined {
  const value = parsed(text);
  const behavior = isObject(value) ? publishedBehavior(value) : {};
  return behavior.scaleUp || behavior.scaleDown ? behavior : undefined;
}

function specFrom1(spec: v1.HorizontalPodAutoscalerSpec): HorizontalPodAutoscalerSpec {
  const { targetCPUUtilizationPercentage: share, ...same } = spec;
  if (share === undefined) return same;
  const target = { type: 'Utilization' as const, averageUtilization: share };
  return { ...same, metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] };
}

function statusFrom1(status: v1.HorizontalPodAutoscalerStatus): HorizontalPodAutoscalerStatus {
  const { currentCPUUtilizationPercentage: share, ...same } = status;
  const current = { averageUtilization: share ?? 0 };
  const cpu: MetricStatus = { type: 'Resource', resource: { name: 'cpu', current } };
  return { ...same, currentMetrics: share === undefined ? [] : [cpu] };
}

/** A metric as v1's annotations have it: its numbers beside its names, instead of in a target. */
type Flat = { type: MetricSpec['type'] } & Record<string, Record<string, unknown> | undefined>;

/** Leaves out what is undefined. */
const present = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function metricTo1({ type, object, pods, resource, containerResource, external }: MetricSpec): unknown {
  return present({
    type,
    object: object && flatObject(object, 'targetValue', object.target),
    pods: pods && flatPods(pods.metric, 'targetAverageValue', pods.target),
    resource: resource && flatResource('target', resource.name, resource.target),
    containerResource: containerResource && {
      ...flatResource('target', containerResource.name, containerResource.target),
      container: containerResource.container,
    },
    external: external && flatExternal(external.metric, 'target', external.target),
  });
}

function currentTo1({ type, object, pods, resource, containerResource, external }: MetricStatus): unknown {
  return present({
    type,
    object: object && flatObject(object, 'currentValue', object.current),
    pods: pods && flatPods(pods.metric, 'currentAverageValue', pods.current),
    resource: resource && flatResource('current', resource.name, resource.current),
    containerResource: containerResource && {
      ...flatResource('current', containerResource.name, containerResource.current),
      container: containerResource.container,
    },
    external: external && flatExternal(external.metric, 'current', external.current),
  });
}

type Amounts = { value?: string; averageValue?: string; averageUtilization?: number };
type Identifier = { name: string; selector?: unknown };

const flatObject = (source: { describedObject: object; metric: Identifier }, valueName: string, amounts: Amounts) => {
  const { kind, name, apiVersion } = source.describedObject as { kind: string; name: string; apiVersion?: string };
  return present({
    target: present({ kind, name, apiVersion }),
    metricName: source.metric.name,
    [valueName]: amounts.value ?? '0',
    selector: source.metric.selector,
    averageValue: amounts.averageValue,
  });
};

const flatPods = ({ name, selector }: Identifier, valueName: string, { averageValue = '0' }: Amounts) =>
  present({ metricName: name, [valueName]: averageValue, selector });

/** What is there of a resource is always an amount; what is wanted may be a share alone. */
const flatResource = (prefix: 'target' | 'current', name: string, amounts: Amounts) =>
  present({
    name,
    [`${prefix}AverageUtilization`]: amounts.averageUtilization,
    [`${prefix}AverageValue`]: amounts.averageValue ?? (prefix === 'current' ? '0' : undefined),
  });

const flatExternal = ({ name, selector }: Identifier, prefix: 'target' | 'current', amounts: Amounts) =>
  present({
    metricName: name,
    metricSelector: selector,
    [`${prefix}Value`]: amounts.value ?? (prefix === 'current' ? '0' : undefined),
    [`${prefix}AverageValue`]: amounts.averageValue,
  });

const metricFrom1 = (flat: Flat): MetricSpec => deepened(flat, 'target') as unknown as MetricSpec;
const currentFrom1 = (flat: Flat): MetricStatus => deepened(flat, 'current') as unknown as MetricStatus;

function deepened(flat: Flat, prefix: 'target' | 'current'): Record<string, unknown> {
  const { type, object, pods, resource, containerResource, external } = flat;
  const amounts = (source: Record<string, unknown>, shown: { value?: unknown; averageValue?: unknown }) => {
    const given = present({ ...shown, averageUtilization: source[`${prefix}AverageUtilization`] });
    return { [prefix]: prefix === 'target' ? { type: targetTypeOf(given), ...given } : given };
  };
  const metric = (source: Record<string, unknown>, selector = source.selector) => ({
    metric: present({ name: source.metricName, selector }),
  });
  // What is no pointer in Go is nought when it is left out.
  const alwaysValued = prefix === 'current' ? '0' : undefined;
  const each = (source: Record<string, unknown>, none: { value?: unknown; averageValue?: unknown } = {}) =>
    amounts(source, {
      value: source[`${prefix}Value`] ?? none.value,
      averageValue: source[`${prefix}AverageValue`] ?? none.averageValue,
    });
  return present({
    type,
    object: object && {
      describedObject: object.target,
      ...metric(object),
      ...amounts(object, objectAmounts(object, prefix)),
    },
    pods: pods && { ...metric(pods), ...each(pods, { averageValue: '0' }) },
    resource: resource && { name: resource.name, ...each(resource, { averageValue: alwaysValued }) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      ...each(containerResource, { averageValue: alwaysValued }),
    },
    external: external && {
      ...metric(external, external.metricSelector),
      ...each(external, { value: alwaysValued }),
    },
  });
}

/** Whether an amount, as text or number, is more or less than nought. */
const isSome = (amount: unknown): boolean => /^"?[-+]?[0.]*[1-9]/.test(JSON.stringify(amount));

/** v1 cannot leave the whole amount out: beside an average, nought of it means there is none. */
function objectAmounts(source: Record<string, unknown>, prefix: 'target' | 'current') {
  const { averageValue } = source;
  const value = source[`${prefix}Value`] ?? '0';
  const isMeant = prefix === 'current' || averageValue === undefined || isSome(value);
  return { value: isMeant ? value : undefined, averageValue };
}

function targetTypeOf(given: Readonly<Record<string, unknown>>): string {
  if (given.averageUtilization !== undefined) return 'Utilization';
  return given.averageValue === undefined ? 'Value' : 'AverageValue';
}

/** The behaviour is annotated in the form the API server has it inside. */
function internalBehavior({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): unknown {
  const rules = (given: HPAScalingRules | undefined) =>
    given
      ? {
          StabilizationWindowSeconds: given.stabilizationWindowSeconds ?? null,
          SelectPolicy: given.selectPolicy ?? null,
          Policies:
            given.policies?.map(({ type, value, periodSeconds }) => ({
              Type: type,
              Value: value,
              PeriodSeconds: periodSeconds,
            })) ?? null,
          Tolerance: given.tolerance ?? null,
        }
      : null;
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

/** Go reads names without regard to case, and null as absent. */
function publishedBehavior(value: unknown): HorizontalPodAutoscalerBehavior {
  const published = (inside: unknown): unknown => {
    if (Array.isArray(inside)) return inside.map(published);
    if (inside === null || typeof inside !== 'object') return inside;
    const fields = Object.entries(inside).filter(([, field]) => field !== null);
    return Object.fromEntries(
      fields.map(([name, field]) => [name.charAt(0).toLowerCase() + name.slice(1), published(field)]),
    );
  };
  return published(value) as HorizontalPodAutoscalerBehavior;
}
