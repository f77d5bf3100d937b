// LimitRange: what a namespace's pods, containers and claims may ask for, and ask for when they do not say.

import { type Issue, duplicate, forbiddenField, invalid, required } from '../../api/issues.ts';
import { isQualifiedName } from '../../base/names.ts';
import { complain } from '../checks.ts';
import { defineKind } from '../define.ts';
import type { LimitRangeItem, LimitRange as Shape } from '../generated/types/core-v1.ts';
import { containerResourceNameIssues, mayBeOvercommitted, resourceNameIssues } from '../pod-spec/resources.ts';
import { compareAmounts, ratioOf, roundAmounts } from '../quantities.ts';

export type LimitRange = Shape;

export const LimitRange = defineKind<LimitRange>('v1', 'LimitRange', {
  createOnUpdate: true,
  generation: 'none',
  applyDefaults(range) {
    for (const item of range.spec?.limits ?? []) {
      if (item.type === 'Container') applyContainerDefaults(item);
      roundAmounts(item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio);
    }
  },
  validate: rangeIssues,
  validateUpdate: rangeIssues,
});

/** The default limit is the maximum; the default request is the default limit, or else the minimum. */
function applyContainerDefaults(item: LimitRangeItem): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

function rangeIssues({ spec }: LimitRange): Issue[] {
  const types = new Set<string>();
  return (spec?.limits ?? []).flatMap((item, i) => {
    const field = `spec.limits[${i}]`;
    const issues = typeIssues(item.type, `${field}.type`);
    if (types.has(item.type)) issues.push(duplicate(`${field}.type`, item.type));
    types.add(item.type);
    return [...issues, ...itemIssues(item, field)];
  });
}

function typeIssues(type: string, field: string): Issue[] {
  const issues = complain(field, type, isQualifiedName);
  if (issues.length > 0 || type.includes('/') || ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type))
    return issues;
  return [...issues, invalid(field, type, 'must be a standard limit type or fully qualified')];
}

type Amounts = Readonly<Record<string, string>>;

function itemIssues(item: LimitRangeItem, field: string): Issue[] {
  const { type, max = {}, min = {}, default: limits = {}, defaultRequest = {}, maxLimitRequestRatio = {} } = item;
  const named = (amounts: Amounts, name: string) =>
    Object.keys(amounts).flatMap((key) => nameIssues(type, key, `${field}.${name}[${key}]`));
  const keys = new Set([max, min, limits, defaultRequest, maxLimitRequestRatio].flatMap((each) => Object.keys(each)));
  return [
    ...named(max, 'max'),
    ...named(min, 'min'),
    ...(type === 'Pod'
      ? podDefaultIssues(item, field)
      : [...named(limits, 'default'), ...named(defaultRequest, 'defaultRequest')]),
    ...(type === 'PersistentVolumeClaim' && min.storage === undefined && max.storage === undefined
      ? [required(`${field}.limits`, 'either minimum or maximum storage value is required, but neither was provided')]
      : []),
    ...named(maxLimitRequestRatio, 'maxLimitRequestRatio'),
    ...[...keys].flatMap((key) => orderIssues(item, key, field)),
  ];
}

const nameIssues = (type: string, name: string, field: string): Issue[] =>
  type === 'Pod' || type === 'Container' ? containerResourceNameIssues(name, field) : resourceNameIssues(name, field);

function podDefaultIssues(item: LimitRangeItem, field: string): Issue[] {
  return (['default', 'defaultRequest'] as const)
    .filter((name) => Object.keys(item[name] ?? {}).length > 0)
    .map((name) => forbiddenField(`${field}.${name}`, "may not be specified when `type` is 'Pod'"));
}

/** min ≤ defaultRequest ≤ default ≤ max, and a ratio that these leave room for. */
function orderIssues(item: LimitRangeItem, key: string, field: string): Issue[] {
  const [min, max, limit] = [item.min?.[key], item.max?.[key], item.default?.[key]];
  const [request, ratio] = [item.defaultRequest?.[key], item.maxLimitRequestRatio?.[key]];
  const issues: Issue[] = [];
  const above = (low: string | undefined, high: string | undefined): boolean =>
    low !== undefined && high !== undefined && compareAmounts(low, high) > 0;
  const say = (name: string, value: string | undefined, rule: string) =>
    issues.push(invalid(`${field}.${name}[${key}]`, value, rule));
  if (above(min, max)) say('min', min, `min value ${min} is greater than max value ${max}`);
  if (above(min, request))
    say('defaultRequest', request, `min value ${min} is greater than default request value ${request}`);
  if (above(request, max))
    say('defaultRequest', request, `default request value ${request} is greater than max value ${max}`);
  if (above(request, limit))
    say('defaultRequest', request, `default request value ${request} is greater than default limit value ${limit}`);
  if (above(min, limit)) say('default', min, `min value ${min} is greater than default value ${limit}`);
  if (above(limit, max)) say('default', max, `default value ${limit} is greater than max value ${max}`);
  if (above('1', ratio)) say('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`);
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const room = ratioOf(max, min);
    if (ratioOf(ratio, '1') > room)
      say('maxLimitRequestRatio', ratio, `ratio ${ratio} is greater than max/min = ${room.toFixed(6)}`);
  }
  if (
    !mayBeOvercommitted(key) &&
    limit !== undefined &&
    request !== undefined &&
    compareAmounts(limit, request) !== 0
  ) {
    say('defaultRequest', request, `default value ${limit} must equal to defaultRequest value ${request} in ${key}`);
  }
  return issues;
}
