// What an autoscaler measures beside what it aims at, in one cell: `cpu: 42%/50%, <unknown>/10 + 1 more...`.

import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../generated/types/autoscaling-v2.ts';

/** More metrics are only counted. */
const mostShown = 2;

export function targetsCell({ spec, status }: HorizontalPodAutoscaler): string {
  const all = (spec.metrics ?? []).map((metric, i) => metricText(metric, status?.currentMetrics?.[i]));
  if (all.length === 0) return '<none>';
  const shown = all.slice(0, mostShown).join(', ');
  return all.length > mostShown ? `${shown} + ${all.length - mostShown} more...` : shown;
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return outsideText(metric.external?.target, status?.external?.current);
    case 'Object':
      return outsideText(metric.object?.target, status?.object?.current);
    case 'Pods':
      return pair(status?.pods?.current?.averageValue, metric.pods?.target.averageValue ?? '');
    case 'Resource':
      return `${metric.resource?.name}: ${shareText(metric.resource?.target, status?.resource?.current)}`;
    case 'ContainerResource':
      return `${metric.containerResource?.name}: ${shareText(metric.containerResource?.target, status?.containerResource?.current)}`;
    default:
      return '<unknown type>';
  }
}

const pair = (current: string | undefined, target: string): string => `${current ?? '<unknown>'}/${target}`;

function outsideText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  return target?.averageValue === undefined
    ? pair(current?.value, target?.value ?? '')
    : `${pair(current?.averageValue, target.averageValue)} (avg)`;
}

function shareText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return pair(current?.averageValue, target.averageValue);
  const percent = (value: number | undefined) => (value === undefined ? undefined : `${value}%`);
  return pair(percent(current?.averageUtilization), percent(target?.averageUtilization) ?? '<auto>');
}
