// StatefulSet: numbered pods, each with its own name and its own claims.

import { semanticEqual } from '../../base/equal.ts';
import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import type { IntOrString } from '../../base/int-or-string.ts';
import { complain, labelSelectorIssues, nonNegative, notListed } from '../checks.ts';
import { isDns1123Label } from '../../base/names.ts';
import { ageColumn, nameColumn, templateColumns, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  StatefulSetPersistentVolumeClaimRetentionPolicy,
  StatefulSetSpec,
  StatefulSetStatus,
  StatefulSetUpdateStrategy,
  StatefulSet as Shape,
} from '../generated/types/apps-v1.ts';
import type { PersistentVolumeClaim, PodTemplateSpec, Volume } from '../generated/types/core-v1.ts';
import { claimSpecIssues, storageWarnings } from '../pod-spec/claim-spec.ts';
import { applyPodTemplateDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { amountOf, atMostAllIssues, intOrPercentIssues } from '../int-or-percent.ts';
import { podTemplateWarnings, templateMetadataIssues, validatePodTemplateSpec } from '../pod-spec/template.ts';
import {
  collisionIssues,
  counterIssues,
  endlessIssues,
  excessIssues,
  isEmptySelector,
  isNewGeneration,
  mismatchIssues,
  readSelector,
  shownSelector,
} from '../workloads.ts';

export type StatefulSet = Shape;

export const StatefulSet = defineKind<StatefulSet>('apps/v1', 'StatefulSet', {
  nameRule: 'label',
  applyDefaults,
  applyContextDefaults({ spec }, { enabled }) {
    const rolling = spec?.updateStrategy?.rollingUpdate;
    if (rolling && enabled('MaxUnavailableStatefulSet')) rolling.maxUnavailable ??= 1;
  },
  dropDisabledFields({ spec }, previous, context) {
    dropDisabledTemplateFields(spec?.template, previous?.spec.template, context);
    const before = previous?.spec.updateStrategy?.rollingUpdate?.maxUnavailable;
    if (before === undefined && !context.enabled('MaxUnavailableStatefulSet')) dropMaxUnavailable(spec);
  },
  prepareForCreate(set) {
    set.status = { replicas: 0, availableReplicas: 0 };
  },
  validate: ({ spec }) => specIssues(spec, 'new'),
  validateUpdate: ({ spec }, previous) => [...specIssues(spec, 'changed'), ...changeIssues(spec, previous.spec)],
  validateStatusUpdate: (next, previous) => [
    ...(next.status ? statusIssues(next.status) : []),
    ...collisionIssues(next.status, previous.status),
  ],
  warnings: (next, previous) => [
    ...(isNewGeneration(next, previous) ? podTemplateWarnings('spec.template', next.spec.template) : []),
    ...(next.spec.volumeClaimTemplates ?? []).flatMap(({ spec = {} }, i) =>
      storageWarnings(spec, `spec.volumeClaimTemplates[${i}]${previous ? '.Spec' : ''}`),
    ),
    ...((next.spec.revisionHistoryLimit ?? 0) < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ],
  scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
  columns: [
    nameColumn,
    textColumn('Ready', 'Number of the pod with ready state', ({ spec, status }) => {
      return `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`;
    }),
    ageColumn,
    ...templateColumns<StatefulSet>(({ spec }) => spec.template.spec).map(wide),
  ],
});

function applyDefaults(set: StatefulSet): void {
  const spec = (set.spec ??= { template: {} } as StatefulSetSpec);
  applyPodTemplateDefaults(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) applyClaimDefaults(claim);
  spec.podManagementPolicy ||= 'OrderedReady';
  applyStrategyDefaults((spec.updateStrategy ??= {}));
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
}

function applyClaimDefaults(claim: PersistentVolumeClaim): void {
  claim.apiVersion ||= 'v1';
  claim.kind ||= 'PersistentVolumeClaim';
  claim.spec ??= {};
  claim.spec.volumeMode ??= 'Filesystem';
  claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
}

function applyStrategyDefaults(strategy: StatefulSetUpdateStrategy): void {
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
}

/** A field of a feature that is off unless asked for: it is dropped, whatever it says. */
function dropMaxUnavailable({ updateStrategy }: StatefulSetSpec): void {
  if (updateStrategy?.rollingUpdate) delete updateStrategy.rollingUpdate.maxUnavailable;
}

/** Claims and the service's name, which may not change, are looked at once only. */
function specIssues(spec: StatefulSetSpec, state: 'new' | 'changed'): Issue[] {
  const template = spec.template ?? {};
  const claims = state === 'new' ? (spec.volumeClaimTemplates ?? []) : [];
  return [
    ...managementIssues(spec.podManagementPolicy),
    ...strategyIssues(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...retentionIssues(spec.persistentVolumeClaimRetentionPolicy ?? {}),
    ...claims.flatMap((claim, i) => claimSpecIssues(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`)),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...(state === 'new' && spec.serviceName ? complain('spec.serviceName', spec.serviceName, isDns1123Label) : []),
    ...selectionIssues(spec, template),
    ...endlessIssues(template, 'spec.template', 'StatefulSet'),
  ];
}

function managementIssues(policy: string | undefined): Issue[] {
  if (policy === 'OrderedReady' || policy === 'Parallel') return [];
  return [invalid('spec.podManagementPolicy', policy ?? '', "must be 'OrderedReady' or 'Parallel'")];
}

function unavailableIssues(value: IntOrString | undefined, field: string): Issue[] {
  if (value === undefined) return [];
  return [
    ...intOrPercentIssues(field, value),
    ...(amountOf(value) === 0 ? [invalid(field, value, 'cannot be 0')] : []),
    ...atMostAllIssues(field, value),
  ];
}

function strategyIssues({ type, rollingUpdate }: StatefulSetUpdateStrategy, field: string): Issue[] {
  const inside = rollingUpdate && {
    Partition: rollingUpdate.partition ?? 0,
    MaxUnavailable: rollingUpdate.maxUnavailable ?? null,
  };
  if (type === 'RollingUpdate') {
    return [
      ...nonNegative(`${field}.rollingUpdate.partition`, rollingUpdate?.partition),
      ...unavailableIssues(rollingUpdate?.maxUnavailable, `${field}.rollingUpdate.maxUnavailable`),
    ];
  }
  if (type !== 'OnDelete') {
    const shown = { Type: type, RollingUpdate: inside ?? null };
    return [invalid(field, shown, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  return inside ? [invalid(`${field}.rollingUpdate`, inside, "only allowed for updateStrategy 'RollingUpdate'")] : [];
}

function retentionIssues(policy: StatefulSetPersistentVolumeClaimRetentionPolicy): Issue[] {
  return (['whenDeleted', 'whenScaled'] as const).flatMap((when) =>
    policy[when] === 'Retain' || policy[when] === 'Delete'
      ? []
      : [notListed(`spec.persistentVolumeClaimRetentionPolicy.${when}`, policy[when], ['Retain', 'Delete'])],
  );
}

function selectionIssues(spec: StatefulSetSpec, template: PodTemplateSpec): Issue[] {
  const { selector } = spec;
  const issues = selector ? labelSelectorIssues(selector, 'spec.selector') : [required('spec.selector')];
  if (selector && isEmptySelector(selector)) {
    issues.push(invalid('spec.selector', shownSelector(selector), 'empty selector is invalid for statefulset'));
  }
  const read = readSelector(selector);
  if (!read) return [...issues, invalid('spec.selector', selector && shownSelector(selector), '')];
  return [
    ...issues,
    ...mismatchIssues(read, template, 'spec.template'),
    ...validatePodTemplateSpec(asInPods(template, spec.volumeClaimTemplates ?? []), 'spec.template'),
    ...templateMetadataIssues(template, 'spec.template'),
  ];
}

/** The template as its pods will have it: under names of their own, and with a volume for every claim, instead of one of the same name. */
function asInPods(template: PodTemplateSpec, claims: readonly PersistentVolumeClaim[]): PodTemplateSpec {
  if (!template.spec) return template;
  const { hostname: _, subdomain: __, ...spec } = template.spec;
  if (claims.length === 0) return { ...template, spec };
  const names = [...new Set(claims.map((claim) => claim.metadata?.name ?? ''))];
  const volumes = names.map((name): Volume => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.includes(name));
  return { ...template, spec: { ...spec, volumes: [...volumes, ...others] } };
}

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

function changeIssues(next: StatefulSetSpec, previous: StatefulSetSpec): Issue[] {
  const fixed = (spec: StatefulSetSpec) =>
    Object.fromEntries(Object.entries(spec).filter(([name]) => !changeable.some((each) => each === name)));
  if (semanticEqual(fixed(next), fixed(previous))) return [];
  const names = changeable.map((name) => `'${name}'`);
  const listed = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return [forbiddenField('spec', `updates to statefulset spec for fields other than ${listed} are forbidden`)];
}

function statusIssues(status: StatefulSetStatus): Issue[] {
  const { replicas, readyReplicas, currentReplicas, updatedReplicas, availableReplicas } = status;
  return [
    ...counterIssues(status, [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
      'collisionCount',
    ]),
    ...excessIssues('status.readyReplicas', readyReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.currentReplicas', currentReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.updatedReplicas', updatedReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.availableReplicas', availableReplicas, replicas, 'status.replicas'),
    ...excessIssues('status.availableReplicas', availableReplicas, readyReplicas, 'status.readyReplicas'),
  ];
}
