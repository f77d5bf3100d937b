// DaemonSet: one pod of a template on every node that takes it.

import { deepEqual, semanticEqual } from '../../base/equal.ts';
import { DecodeError } from '../../api/decode.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import { immutable, labelSelectorIssues, nonNegative, notListed } from '../checks.ts';
import { ageColumn, labelsText, nameColumn, numberColumn, templateColumns, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  DaemonSetSpec,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
  DaemonSet as Shape,
} from '../generated/types/apps-v1.ts';
import { amountOf, atMostAllIssues, intOrPercentIssues } from '../int-or-percent.ts';
import { applyPodTemplateDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { podTemplateWarnings } from '../pod-spec/template.ts';
import {
  collisionIssues,
  counterIssues,
  endlessTemplateIssues,
  isEmptySelector,
  mismatchIssues,
  readSelector,
  selectorCell,
  shownSelector,
} from '../workloads.ts';

export type DaemonSet = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.apps.v1.DaemonSetSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.apps.v1.DaemonSetStatus', field });

/** Where the template's own generation is kept since it is no field any more. */
const generationAnnotation = 'deprecated.daemonset.template.generation';

export const DaemonSet = defineKind<DaemonSet>('apps/v1', 'DaemonSet', {
  applyDefaults,
  dropDisabledFields: ({ spec }, previous, context) =>
    dropDisabledTemplateFields(spec?.template, previous?.spec?.template, context),
  prepareForCreate(set) {
    set.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    setTemplateGeneration(set, Math.max(1, templateGeneration(set)));
  },
  prepareForUpdate(set, previous) {
    const changed = !semanticEqual(set.spec.template, previous.spec.template);
    setTemplateGeneration(set, templateGeneration(previous) + (changed ? 1 : 0));
  },
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }, previous) => [
    ...specIssues(spec),
    ...(deepEqual(spec.selector, previous.spec.selector)
      ? []
      : [immutable('spec.selector', spec.selector && shownSelector(spec.selector))]),
  ],
  validateStatusUpdate: (next, previous) => [
    ...counterIssues(next.status, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...collisionIssues(next.status, previous.status),
  ],
  warnings: (next, previous) =>
    previous && templateGeneration(next) === templateGeneration(previous)
      ? []
      : podTemplateWarnings('spec.template', next.spec.template),
  innerAnnotations: [generationAnnotation],
  columns: [
    nameColumn,
    numberColumn('Desired', statusField('desiredNumberScheduled'), ({ status }) => status?.desiredNumberScheduled ?? 0),
    numberColumn('Current', statusField('currentNumberScheduled'), ({ status }) => status?.currentNumberScheduled ?? 0),
    numberColumn('Ready', statusField('numberReady'), ({ status }) => status?.numberReady ?? 0),
    numberColumn('Up-to-date', statusField('updatedNumberScheduled'), ({ status }) => {
      return status?.updatedNumberScheduled ?? 0;
    }),
    numberColumn('Available', statusField('numberAvailable'), ({ status }) => status?.numberAvailable ?? 0),
    textColumn('Node Selector', { type: 'io.k8s.api.core.v1.PodSpec', field: 'nodeSelector' }, ({ spec }) => {
      return labelsText(spec.template.spec?.nodeSelector);
    }),
    ageColumn,
    ...templateColumns<DaemonSet>(({ spec }) => spec.template.spec).map(wide),
    wide(textColumn('Selector', specField('selector'), ({ spec }) => selectorCell(spec.selector))),
  ],
});

function templateGeneration({ metadata }: DaemonSet): number {
  return Number(metadata.annotations?.[generationAnnotation] ?? 0);
}

function setTemplateGeneration(set: DaemonSet, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [generationAnnotation]: String(generation) };
}

function applyDefaults(set: DaemonSet): void {
  const spec = (set.spec ??= { template: {} });
  applyPodTemplateDefaults(spec.template);
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    const rolling = (spec.updateStrategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= 1;
    rolling.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  readTemplateGeneration(set);
}

/** Kubernetes reads the annotation into a number inside, and writes it out again always. */
function readTemplateGeneration(set: DaemonSet): void {
  const text = set.metadata.annotations?.[generationAnnotation];
  if (text !== undefined && !/^[+-]?\d+$/.test(text)) {
    throw new DecodeError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  setTemplateGeneration(set, Number(text ?? 0));
}

function specIssues(spec: DaemonSetSpec): Issue[] {
  const { selector } = spec;
  const template = spec.template ?? {};
  const issues = labelSelectorIssues(selector, 'spec.selector');
  const read = readSelector(selector);
  if (read) issues.push(...mismatchIssues(read, template, 'spec.template'));
  if (selector && isEmptySelector(selector)) {
    issues.push(invalid('spec.selector', shownSelector(selector), 'empty selector is invalid for daemonset'));
  }
  return [
    ...issues,
    ...endlessTemplateIssues(template, 'spec.template', 'DaemonSet'),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...strategyIssues(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
}

function strategyIssues({ type, rollingUpdate }: DaemonSetUpdateStrategy, field: string): Issue[] {
  if (type === 'OnDelete') return [];
  if (type === 'RollingUpdate') return rollingUpdateIssues(rollingUpdate ?? {}, `${field}.rollingUpdate`);
  const rolling = rollingUpdate && {
    MaxUnavailable: rollingUpdate.maxUnavailable ?? 0,
    MaxSurge: rollingUpdate.maxSurge ?? 0,
  };
  return [notListed(field, { Type: type, RollingUpdate: rolling ?? null }, ['RollingUpdate', 'OnDelete'])];
}

function rollingUpdateIssues({ maxUnavailable, maxSurge }: RollingUpdateDaemonSet, field: string): Issue[] {
  const issues = [
    ...intOrPercentIssues(`${field}.maxUnavailable`, maxUnavailable),
    ...intOrPercentIssues(`${field}.maxSurge`, maxSurge),
    ...atMostAllIssues(`${field}.maxUnavailable`, maxUnavailable),
    ...atMostAllIssues(`${field}.maxSurge`, maxSurge),
  ];
  const [leaves, adds] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  if (leaves && adds) {
    issues.push(invalid(`${field}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!leaves && !adds) {
    issues.push(required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
  return issues;
}
