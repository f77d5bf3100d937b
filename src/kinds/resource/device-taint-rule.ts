// DeviceTaintRule: a taint on devices of somebody's choice, as if their driver had said it.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Label, isLabelValue, isQualifiedName } from '../../base/names.ts';
import { formatTime } from '../../base/time.ts';
import { type Issue, notSupported, required, tooMany } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, ageOf, nameColumn, textColumn } from '../columns.ts';
import { conditionIssues } from '../conditions.ts';
import { defineKind } from '../define.ts';
import type {
  DeviceTaint,
  DeviceTaintSelector,
  DeviceTaintRule as Shape,
} from '../generated/types/resource-v1beta2.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';
import { driverIssues, poolIssues, taintEffects } from './names.ts';

export type DeviceTaintRule = Shape;

const mostConditions = 8;
const taintField = (field: string) => ({ type: 'io.k8s.api.resource.v1.DeviceTaint', field });

export const DeviceTaintRule = defineKind<DeviceTaintRule>(
  'resource.k8s.io/v1beta2',
  'DeviceTaintRule',
  {
    returnsDeleted: true,
    generation: ({ spec }, { spec: before }) => !deepEqual(spec, before),
    applyContextDefaults(rule, { now }) {
      rule.spec ??= {} as DeviceTaintRule['spec'];
      rule.spec.taint ??= {} as DeviceTaint;
      rule.spec.taint.timeAdded ??= formatTime(now());
    },
    prepareForUpdate({ spec }, { spec: before }, { now }) {
      // The time is that of the effect, unless the writer says another one.
      const [taint, old] = [spec.taint, before.taint];
      if (taint && taint.effect !== old?.effect && taint.timeAdded === old?.timeAdded)
        taint.timeAdded = formatTime(now());
    },
    prepareForStatusUpdate: keepMetadata,
    resetFields: statusOnlyFields,
    validate: ({ spec }) => [
      ...selectorIssues(spec?.deviceSelector, 'spec.deviceSelector'),
      ...taintIssues(spec?.taint ?? {}, undefined, 'spec.taint'),
    ],
    validateUpdate: ({ spec }, { spec: before }) => [
      ...(deepEqual(spec?.deviceSelector, before.deviceSelector)
        ? []
        : selectorIssues(spec?.deviceSelector, 'spec.deviceSelector')),
      ...taintIssues(spec?.taint ?? {}, before.taint, 'spec.taint'),
    ],
    validateStatusUpdate({ status }) {
      const conditions = status?.conditions ?? [];
      const issues = conditionIssues(conditions, 'status.conditions');
      if (conditions.length <= mostConditions) return issues;
      return [...issues, tooMany('status.conditions', conditions.length, mostConditions)];
    },
    columns: [
      nameColumn,
      textColumn('Key', taintField('key'), ({ spec }) => spec.taint?.key ?? ''),
      textColumn('Value', taintField('value'), ({ spec }) => spec.taint?.value ?? ''),
      textColumn('Effect', taintField('effect'), ({ spec }) => spec.taint?.effect ?? ''),
      textColumn('TimeAdded', taintField('timeAdded'), ({ spec: { taint } }, now) =>
        taint?.timeAdded ? ageOf(taint.timeAdded, now) : '',
      ),
      ageColumn,
    ],
  },
  { gate: 'DRADeviceTaintRules' },
);

function selectorIssues(selector: DeviceTaintSelector | undefined, field: string): Issue[] {
  const { driver, pool, device } = selector ?? {};
  return [
    ...(driver === undefined ? [] : driverIssues(driver, `${field}.driver`)),
    ...(pool === undefined ? [] : poolIssues(pool, `${field}.pool`)),
    ...(device === undefined ? [] : complain(`${field}.device`, device, isDns1123Label)),
  ];
}

function taintIssues(
  { key = '', value, effect }: Partial<DeviceTaint>,
  before: DeviceTaint | undefined,
  field: string,
): Issue[] {
  const issues = complain(`${field}.key`, key, isQualifiedName);
  if (value) issues.push(...complain(`${field}.value`, value, isLabelValue));
  if (before && before.effect === effect) return issues;
  if (!effect) return [...issues, required(`${field}.effect`)];
  if (!taintEffects.includes(effect)) issues.push(notSupported(`${field}.effect`, effect, taintEffects));
  return issues;
}
