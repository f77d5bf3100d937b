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
      return outsideText(metric.external?.target, status?.external);
    case 'Object':
      return outsideText(metric.object?.target, status?.object);
    case 'Pods':
      return pair(amount(status?.pods, 'averageValue'), metric.pods?.target.averageValue ?? '');
    case 'Resource':
      return `${metric.resource?.name}: ${shareText(metric.resource?.target, status?.resource)}`;
    case 'ContainerResource':
      return `${metric.containerResource?.name}: ${shareText(metric.containerResource?.target, status?.containerResource)}`;
    default:
      return '<unknown type>';
  }
}

/** What is reported of a metric; undefined when nothing is. */
type Report = { readonly current?: MetricValueStatus } | undefined;

/** Go prints an amount that a report leaves out as what it is to Go. */
const amount = (report: Report, name: 'value' | 'averageValue'): string | undefined =>
  report && (report.current?.[name] ?? '<nil>');

const pair = (current: string | undefined, target: string): string => `${current ?? '<unknown>'}/${target}`;

function outsideText(target: MetricTarget | undefined, report: Report): string {
  return target?.averageValue === undefined
    ? pair(amount(report, 'value'), target?.value ?? '')
    : `${pair(report?.current?.averageValue, target.averageValue)} (avg)`;
}

function shareText(target: MetricTarget | undefined, report: Report): string {
  if (target?.averageValue !== undefined) return pair(amount(report, 'averageValue'), target.averageValue);
  const percent = (value: number | undefined) => (value === undefined ? undefined : `${value}%`);
  return pair(percent(report?.current?.averageUtilization), percent(target?.averageUtilization) ?? '<auto>');
}
