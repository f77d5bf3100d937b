// HorizontalPodAutoscaler: how many pods a workload has, by what is measured of them.

import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import { isPathSegmentName } from '../../base/names.ts';
import type { KindContext } from '../../api/kind.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, numberCell, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  CrossVersionObjectReference,
  HPAScalingRules,
  HorizontalPodAutoscalerSpec,
  MetricSpec,
  HorizontalPodAutoscaler as Shape,
} from '../generated/types/autoscaling-v2.ts';
import { counterIssues } from '../workloads.ts';
import { behaviorIssues } from './behavior.ts';
import { metricIssues } from './metric-issues.ts';
import { targetsCell } from './targets-cell.ts';
import { fromVersion1, toVersion1, withoutVersion1Annotations } from './version1.ts';

export type HorizontalPodAutoscaler = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus', field });

export const HorizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  {
    generation: 'none',
    applyDefaults,
    prepareForCreate(scaler) {
      scaler.status = noStatus();
    },
    validate: ({ spec }, context) => specIssues(spec, undefined, context),
    validateUpdate: ({ spec }, previous, context) => specIssues(spec, previous.spec, context),
    validateStatusUpdate: ({ status }) => counterIssues(status, ['currentReplicas', 'desiredReplicas']),
    columns: [
      nameColumn,
      textColumn('Reference', specField('scaleTargetRef'), ({ spec: { scaleTargetRef } }) => {
        return `${scaleTargetRef.kind}/${scaleTargetRef.name}`;
      }),
      textColumn('Targets', specField('metrics'), targetsCell),
      textColumn('MinPods', specField('minReplicas'), ({ spec }) => String(spec.minReplicas ?? '<unset>')),
      numberCell('MaxPods', specField('maxReplicas'), ({ spec }) => spec.maxReplicas),
      numberCell('Replicas', statusField('currentReplicas'), ({ status }) => status?.currentReplicas ?? 0),
      ageColumn,
    ],
  },
  { conversions: { v1: { toHub: fromVersion1, fromHub: toVersion1 } } },
);

/** Nothing measured: Go writes the list that is not there as null. */
const noStatus = () => ({ desiredReplicas: 0, currentMetrics: null }) as unknown as NonNullable<Shape['status']>;

function applyDefaults(scaler: HorizontalPodAutoscaler): void {
  withoutVersion1Annotations(scaler);
  const spec = (scaler.spec ??= { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 });
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length === 0) {
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ];
  }
  if (spec.behavior) {
    spec.behavior.scaleUp = { ...scaleUpDefaults(), ...spec.behavior.scaleUp };
    spec.behavior.scaleDown = { ...scaleDownDefaults(), ...spec.behavior.scaleDown };
  }
}

const scaleUpDefaults = (): HPAScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
});

const scaleDownDefaults = (): HPAScalingRules => ({
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
});

const scaleToZero = 'must specify at least one Object or External metric to support scaling to zero replicas';

function specIssues(
  spec: HorizontalPodAutoscalerSpec,
  previous: HorizontalPodAutoscalerSpec | undefined,
  { enabled }: KindContext,
): Issue[] {
  const { minReplicas, maxReplicas, metrics } = spec;
  const least = enabled('HPAScaleToZero') || previous?.minReplicas === 0 ? 0 : 1;
  const issues: Issue[] = [];
  if (minReplicas !== undefined && minReplicas < least) {
    issues.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`));
  }
  if (maxReplicas === 0) issues.push(required('spec.maxReplicas', 'must be set and greater than 0'));
  if (maxReplicas < 0) issues.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    issues.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  const targetVersion = targetVersionRule(spec.scaleTargetRef, previous?.scaleTargetRef);
  issues.push(...referenceIssues(spec.scaleTargetRef, 'spec.scaleTargetRef', targetVersion));
  const objectVersion = (previous?.metrics ?? []).some(describesBadVersion) ? 'any' : 'version';
  (metrics ?? []).forEach((metric, i) => issues.push(...metricIssues(metric, `spec.metrics[${i}]`, objectVersion)));
  const countsOutside = (metrics ?? []).some(({ type }) => type === 'Object' || type === 'External');
  if (minReplicas === 0 && !countsOutside) issues.push(forbiddenField('spec.metrics', scaleToZero));
  return [...issues, ...behaviorIssues(spec.behavior, 'spec.behavior')];
}

/** What an apiVersion must say: nothing, a version, or a version of a named group. */
export type VersionRule = 'any' | 'version' | 'group version';

/** A target that was there before stays good; the one thing to scale that the core group has needs no group. */
function targetVersionRule(next: Reference, previous: Reference): VersionRule {
  if (previous && previous.apiVersion === next?.apiVersion && previous.kind === next?.kind) return 'any';
  return next?.kind === 'ReplicationController' ? 'version' : 'group version';
}

const describesBadVersion = ({ type, object }: MetricSpec): boolean =>
  type === 'Object' && versionComplaints(object?.describedObject?.apiVersion ?? '', 'version').length > 0;

type Reference = CrossVersionObjectReference | undefined;

export const referenceIssues = (reference: Reference, field: string, rule: VersionRule): Issue[] => [
  ...(['kind', 'name'] as const).flatMap((part) =>
    reference?.[part]
      ? complain(`${field}.${part}`, reference[part], isPathSegmentName)
      : [required(`${field}.${part}`)],
  ),
  ...complain(`${field}.apiVersion`, reference?.apiVersion ?? '', (version) => versionComplaints(version, rule)),
];

function versionComplaints(apiVersion: string, rule: VersionRule): string[] {
  if (rule === 'any') return [];
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [`unexpected GroupVersion string: ${apiVersion}`];
  const hasGroup = parts.length === 2 && parts[0] !== '';
  return rule === 'version' || hasGroup ? [] : ['apiVersion must specify API group'];
}
