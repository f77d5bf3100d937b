// What is wrong with asking for devices, in a claim, a template for one, or a class.

import { isDns1123Label, isDns1123Subdomain, isCIdentifier } from '../../base/names.ts';
import { utf8Length } from '../../base/bytes.ts';
import {
  type Issue,
  duplicate,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../api/issues.ts';
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
import { selectorProblem } from './device-expressions.ts';

const mostAlternatives = 8;
const mostSelectors = 32;
const longestExpression = 10 * 1024;

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
  const requests = claim?.requests ?? [];
  const names = requestNames(claim);
  const issues = requests.flatMap((request, i) => {
    const place = `${field}.requests[${i}]`;
    const again = requests.findIndex(({ name }) => name === request.name) < i;
    return [...requestIssues(request, place), ...(again ? [duplicate(place, request.name)] : [])];
  });
  (claim?.constraints ?? []).forEach((constraint, i) =>
    issues.push(...constraintIssues(constraint, names, `${field}.constraints[${i}]`)),
  );
  (claim?.config ?? []).forEach(({ requests: of, opaque }, i) => {
    const place = `${field}.config[${i}]`;
    issues.push(...knownRequestIssues(of, names, place), ...opaqueIssues(opaque, `${place}.opaque`));
  });
  return issues;
}

function requestIssues({ name = '', exactly, firstAvailable }: DeviceRequest, field: string): Issue[] {
  const issues = complain(`${field}.name`, name, isDns1123Label);
  const alternatives = firstAvailable ?? [];
  const rule = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly && alternatives.length > 0) {
    issues.push(invalid(field, null, `${rule}, but multiple fields are set`));
  } else if (!exactly && alternatives.length === 0) issues.push(required(field, rule));
  if (alternatives.length > mostAlternatives) {
    return [...issues, tooMany(`${field}.firstAvailable`, alternatives.length, mostAlternatives)];
  }
  alternatives.forEach((alternative, i) => {
    const place = `${field}.firstAvailable[${i}]`;
    issues.push(...complain(`${place}.name`, alternative.name ?? '', isDns1123Label));
    issues.push(...askedIssues(alternative, place));
    if (alternatives.findIndex(({ name: other }) => other === alternative.name) < i) {
      issues.push(duplicate(place, alternative.name));
    }
  });
  return exactly ? [...issues, ...askedIssues(exactly, `${field}.exactly`)] : issues;
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

export function selectorIssues(selectors: readonly DeviceSelector[], field: string): Issue[] {
  const issues = selectors.length > mostSelectors ? [tooMany(field, selectors.length, mostSelectors)] : [];
  selectors.forEach(({ cel }, i) => {
    const place = `${field}[${i}].cel`;
    issues.push(...(cel ? expressionIssues(cel.expression ?? '', `${place}.expression`) : [required(place)]));
  });
  return issues;
}

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
  const issues: Issue[] = [];
  if (!operators.includes(operator ?? '')) {
    issues.push(notSupported(`${field}.operator`, operator ?? '', operators));
  }
  if (operator === 'Exists' && value)
    issues.push(invalid(`${field}.value`, value, 'must be empty for operator `Exists`'));
  if (operator === 'Equal' && key === '')
    issues.push(required(`${field}.key`, 'must not be empty for operator `Equal`'));
  if (effect && !effects.includes(effect)) issues.push(notSupported(`${field}.effect`, effect, effects));
  return issues;
}

function constraintIssues(constraint: DeviceConstraint, names: ReadonlySet<string>, field: string): Issue[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const issues = knownRequestIssues(requests, names, field);
  if ((matchAttribute === undefined) === (distinctAttribute === undefined)) {
    const rule = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    return [...issues, required(field, rule)];
  }
  if (matchAttribute !== undefined) issues.push(...attributeIssues(matchAttribute, `${field}.matchAttribute`));
  if (distinctAttribute !== undefined) issues.push(...attributeIssues(distinctAttribute, `${field}.distinctAttribute`));
  return issues;
}

/** `example.com/attribute`. */
function attributeIssues(name: string, field: string): Issue[] {
  if (name === '') return [required(field)];
  const [domain, attribute] = name.split('/');
  if (attribute === undefined) {
    return [invalid(field, name, 'a fully qualified name must be a domain and a name separated by a slash')];
  }
  return [...complain(field, domain ?? '', isDns1123Subdomain), ...complain(field, attribute, isCIdentifier)];
}

function knownRequestIssues(
  requests: readonly string[] | undefined,
  names: ReadonlySet<string>,
  field: string,
): Issue[] {
  const rule = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  return (requests ?? []).flatMap((name, i) => {
    const place = `${field}.requests[${i}]`;
    if ((requests ?? []).indexOf(name) < i) return [duplicate(place, name)];
    return names.has(name) ? [] : [invalid(place, name, rule)];
  });
}

export function opaqueIssues(opaque: OpaqueDeviceConfiguration | undefined, field: string): Issue[] {
  if (!opaque) return [required(field)];
  const { driver, parameters } = opaque;
  const issues = driver ? complain(`${field}.driver`, driver, isDns1123Subdomain) : [required(`${field}.driver`)];
  if (parameters === undefined || parameters === null) return [...issues, required(`${field}.parameters`)];
  if (typeof parameters === 'object' && !Array.isArray(parameters)) return issues;
  return [...issues, invalid(`${field}.parameters`, '<value omitted>', 'must be a valid JSON object')];
}
