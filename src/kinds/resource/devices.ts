// What is wrong with asking for devices, in a claim, a template for one, or a class.

import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../base/names.ts';
import { utf8Length } from '../../base/bytes.ts';
import { type Issue, forbiddenField, invalid, notSupported, required, tooLong } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  OpaqueDeviceConfiguration,
} from '../generated/types/resource-v1.ts';
import { csiDriverIssues } from '../pod-spec/volume-sources.ts';
import { selectorProblem } from './device-expressions.ts';
import { limited, setIssues } from './sets.ts';
import { deviceNameIssues } from './slice-devices.ts';

const mostAlternatives = 8;
const mostAsked = 32;
const longestExpression = 10 * 1024;
const longestParameters = 10 * 1024;

export function applyRequestDefaults(claim: DeviceClaim | undefined): void {
  for (const { exactly, firstAvailable } of claim?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      request.allocationMode ??= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ||= 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ??= 'Equal';
    }
  }
}

/** Requests, and their alternatives as `request/alternative`. */
export const requestNames = (claim: DeviceClaim | undefined): ReadonlySet<string> =>
  new Set(
    (claim?.requests ?? []).flatMap(({ name, firstAvailable }) => [
      name,
      ...(firstAvailable ?? []).map((alternative) => `${name}/${alternative.name}`),
    ]),
  );

export function claimIssues(claim: DeviceClaim | undefined, field: string): Issue[] {
  const { requests = [], constraints = [], config = [] } = claim ?? {};
  const names = requestNames(claim);
  return [
    ...setIssues(requests, mostAsked, `${field}.requests`, { key: ({ name }) => name, check: requestIssues }),
    ...limited(constraints, mostAsked, `${field}.constraints`, (each, place) => constraintIssues(each, names, place)),
    ...limited(config, mostAsked, `${field}.config`, ({ requests: of, opaque }, place) => [
      ...knownRequestIssues(of, names, place),
      ...opaqueIssues(opaque, `${place}.opaque`),
    ]),
  ];
}

function requestIssues({ name = '', exactly, firstAvailable }: DeviceRequest, field: string): Issue[] {
  const issues = complain(`${field}.name`, name, isDns1123Label);
  const alternatives = firstAvailable ?? [];
  const rule = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly) {
    const both = invalid(field, null, `${rule}, but multiple fields are set`);
    return [...issues, ...(alternatives.length > 0 ? [both] : askedIssues(exactly, `${field}.exactly`))];
  }
  if (alternatives.length === 0) return [...issues, required(field, rule)];
  const check = (alternative: DeviceSubRequest, place: string): Issue[] => [
    ...complain(`${place}.name`, alternative.name ?? '', isDns1123Label),
    ...askedIssues(alternative, place),
  ];
  const list = `${field}.firstAvailable`;
  return [...issues, ...setIssues(alternatives, mostAlternatives, list, { key: (each) => each.name, check })];
}

const modes = ['All', 'ExactCount'];

function askedIssues(asked: Omit<DeviceSubRequest, 'name'>, field: string): Issue[] {
  const { deviceClassName, allocationMode: mode = 'ExactCount', count } = asked;
  const issues = deviceClassName
    ? complain(`${field}.deviceClassName`, deviceClassName, isDns1123Subdomain)
    : [required(`${field}.deviceClassName`)];
  issues.push(...selectorIssues(asked.selectors ?? [], `${field}.selectors`));
  if (!modes.includes(mode)) issues.push(notSupported(`${field}.allocationMode`, mode, modes));
  else if (mode === 'All' && count !== undefined && count !== 0) {
    issues.push(invalid(`${field}.count`, count, "must not be specified when allocationMode is 'All'"));
  } else if (mode === 'ExactCount' && count !== undefined && count <= 0) {
    issues.push(invalid(`${field}.count`, count, 'must be greater than zero'));
  }
  (asked.tolerations ?? []).forEach((toleration, i) =>
    issues.push(...tolerationIssues(toleration, `${field}.tolerations[${i}]`)),
  );
  return issues;
}

export const selectorIssues = (selectors: readonly DeviceSelector[], field: string): Issue[] =>
  limited(selectors, mostAsked, field, ({ cel }, place) =>
    cel ? expressionIssues(cel.expression ?? '', `${place}.cel.expression`) : [required(`${place}.cel`)],
  );

function expressionIssues(expression: string, field: string): Issue[] {
  if (utf8Length(expression) > longestExpression) return [tooLong(field, longestExpression)];
  const problem = selectorProblem(expression);
  if (!problem) return [];
  return [
    problem.kind === 'costly' ? forbiddenField(field, problem.message) : invalid(field, expression, problem.message),
  ];
}

const effects = ['NoExecute', 'NoSchedule', 'None'];
const operators = ['Equal', 'Exists'];

function tolerationIssues({ key = '', operator, value, effect }: DeviceToleration, field: string): Issue[] {
  const issues = key ? complain(`${field}.key`, key, isQualifiedName) : [];
  if (!operator) issues.push(required(`${field}.operator`));
  else if (!operators.includes(operator)) issues.push(notSupported(`${field}.operator`, operator, operators));
  if (operator === 'Exists' && value) {
    issues.push(invalid(`${field}.value`, value, 'must be empty for operator `Exists`'));
  }
  if (operator === 'Equal') issues.push(...complain(`${field}.value`, value ?? '', isLabelValue));
  if (effect && !effects.includes(effect)) issues.push(notSupported(`${field}.effect`, effect, effects));
  return issues;
}

function constraintIssues(constraint: DeviceConstraint, names: ReadonlySet<string>, field: string): Issue[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const issues = knownRequestIssues(requests, names, field);
  if (matchAttribute !== undefined) return [...issues, ...attributeIssues(matchAttribute, `${field}.matchAttribute`)];
  if (distinctAttribute !== undefined) {
    return [...issues, ...attributeIssues(distinctAttribute, `${field}.distinctAttribute`)];
  }
  const rule = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...issues, required(field, rule)];
}

/** `example.com/attribute`. */
function attributeIssues(name: string, field: string): Issue[] {
  const issues = deviceNameIssues(name, field);
  if (name.includes('/')) return issues;
  const rule = 'a fully qualified name must be a domain and a name separated by a slash';
  return [...issues, invalid(field, name, rule)];
}

/** Names of requests that the claim has, each told once. */
export const knownRequestIssues = (
  requests: readonly string[] | undefined,
  names: ReadonlySet<string>,
  field: string,
): Issue[] =>
  setIssues(requests ?? [], mostAsked, `${field}.requests`, {
    key: (name) => name,
    check: (name, place) => knownRequestIssue(name, names, place),
  });

export function knownRequestIssue(name: string, names: ReadonlySet<string>, field: string): Issue[] {
  const rule = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const parts = name.split('/');
  if (parts.length > 2) return [invalid(field, name, rule)];
  const issues = parts.flatMap((part) => complain(field, part, isDns1123Label));
  return names.has(name) ? issues : [...issues, invalid(field, name, rule)];
}

export function opaqueIssues(opaque: OpaqueDeviceConfiguration | undefined, field: string): Issue[] {
  if (!opaque) return [required(field)];
  const { driver, parameters } = opaque;
  const issues = csiDriverIssues(driver ?? '', `${field}.driver`);
  if (parameters === undefined || parameters === null) return [...issues, required(`${field}.parameters`)];
  if (utf8Length(JSON.stringify(parameters)) > longestParameters) {
    return [...issues, tooLong(`${field}.parameters`, longestParameters)];
  }
  if (typeof parameters === 'object' && !Array.isArray(parameters)) return issues;
  return [...issues, invalid(`${field}.parameters`, '<value omitted>', 'must be a valid JSON object')];
}
