// Pod: containers that run together on one node.

import type { Column, RowCondition } from '../../api/kind.ts';
import { formatTime } from '../../base/time.ts';
import { isDns1123Label } from '../../base/names.ts';
import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { PodStatus, Pod as Shape } from '../generated/types/core-v1.ts';
import { applyPodOnlyDefaults, applyPodSpecDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledPodFields } from '../pod-spec/disabled-fields.ts';
import { appArmorWarnings, podSpecWarnings } from '../pod-spec/warnings.ts';
import { mergeLabelKeys } from './pod/label-keys.ts';
import { appliedAppArmorAnnotations, applyAppArmorAnnotations } from './pod/app-armor.ts';
import { podReadyText, podReasonText, podRestartsText } from './pod/print.ts';
import { qosClassOf } from './pod/qos.ts';
import { podIssues } from './pod/validate.ts';
import { podStatusIssues } from './pod/validate-status.ts';
import { podChangeIssues } from './pod/validate-change.ts';

export type Pod = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.core.v1.PodSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.core.v1.PodStatus', field });

const columns: readonly Column<Pod>[] = [
  nameColumn,
  textColumn('Ready', 'The aggregate readiness state of this pod for accepting traffic.', podReadyText),
  textColumn('Status', 'The aggregate status of the containers in this pod.', podReasonText),
  textColumn(
    'Restarts',
    'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    podRestartsText,
  ),
  ageColumn,
  wide(textColumn('IP', statusField('podIP'), ({ status }) => status?.podIPs?.[0]?.ip || '<none>')),
  wide(textColumn('Node', specField('nodeName'), ({ spec }) => spec.nodeName || '<none>')),
  wide(
    textColumn(
      'Nominated Node',
      statusField('nominatedNodeName'),
      ({ status }) => status?.nominatedNodeName || '<none>',
    ),
  ),
  wide(textColumn('Readiness Gates', specField('readinessGates'), gatesText)),
];

export const Pod = defineKind<Pod>('v1', 'Pod', {
  applyDefaults(pod) {
    // A pod without a spec is refused for want of containers; Go's decoder gives it an empty one.
    pod.spec ??= { containers: [] };
    applyPodSpecDefaults(pod.spec);
    applyPodOnlyDefaults(pod.spec);
    if (pod.status) matchAddresses(pod.status);
  },
  dropDisabledFields: ({ spec }, previous, context) => dropDisabledPodFields(spec, previous?.spec, context),
  prepareForCreate(pod, context) {
    pod.status = { phase: 'Pending', qosClass: qosClassOf(pod.spec) };
    if ((pod.spec.schedulingGates ?? []).length > 0)
      pod.status.conditions = [gatedCondition(formatTime(context.now()))];
    applyAppArmorAnnotations(pod);
    mergeLabelKeys(pod);
  },
  prepareForStatusUpdate(pod, previous) {
    const status = (pod.status ??= {});
    const qosClass = status.qosClass ?? previous.status?.qosClass;
    if (qosClass) status.qosClass = qosClass;
  },
  validate: podIssues,
  validateUpdate: podChangeIssues,
  validateStatusUpdate: podStatusIssues,
  earlyWarnings: ({ metadata, spec }) =>
    appArmorWarnings(appliedAppArmorAnnotations({ metadata, spec }), spec, 'metadata.annotations'),
  warnings: podWarnings,
  gracefulDeletion: (pod, requested) => ({ gracePeriodSeconds: gracePeriodOf(pod, requested) }),
  resetFields: {
    '': ['status'],
    status: ['metadata.deletionTimestamp', 'metadata.ownerReferences', 'spec'],
    resize: ['status', 'spec.activeDeadlineSeconds', 'spec.tolerations'],
    ephemeralcontainers: ['status'],
  },
  columns,
  rowConditions: completedConditions,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    'status.podIPs': ({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip).join(','),
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
});

/** The one address and the first of the list are the same. Where they differ, the one counts, for it is what old kubelets write. */
function matchAddresses(status: PodStatus): void {
  const first = status.podIPs?.[0]?.ip;
  if (status.podIP && status.podIP !== first) status.podIPs = [{ ip: status.podIP }];
  else if (first && !status.podIP) status.podIP = first;
}

function gatedCondition(now: string): NonNullable<PodStatus['conditions']>[number] {
  return {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null as never,
    lastTransitionTime: now,
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
}

/** Pods that nobody runs, or that have run, go at once. A negative period means a second. */
function gracePeriodOf({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  const period = requested ?? spec.terminationGracePeriodSeconds ?? 0;
  return period < 0 ? 1 : period;
}

/** Only new pods draw them: changes come from programs, and often. */
function podWarnings(pod: Pod, previous: Pod | undefined): string[] {
  if (previous) return [];
  const complaints = isDns1123Label(pod.metadata.name ?? '');
  const name =
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
  return [
    ...(complaints.length > 0 ? [`${name}: [${complaints.join(' ')}]`] : []),
    ...podSpecWarnings({ field: '', meta: pod.metadata, spec: pod.spec }),
  ];
}

/** How many of its gates a pod has passed. */
function gatesText({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const passed = gates.filter(({ conditionType }) =>
    status?.conditions?.some(({ type, status: state }) => type === conditionType && state === 'True'),
  );
  return `${passed.length}/${gates.length}`;
}

/** Marks the rows of pods that are done, which kubectl leaves out when asked to. */
function completedConditions({ status }: Pod): RowCondition[] {
  const done = (reason: string, message: string) => [{ type: 'Completed', status: 'True', reason, message }];
  if (status?.phase === 'Succeeded') return done('Succeeded', 'The pod has completed successfully.');
  return status?.phase === 'Failed' ? done('Failed', 'The pod failed.') : [];
}
