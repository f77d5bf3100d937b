// What is wrong with a capacity of a device, and with the amounts of it that may be asked for where several share the device.

import { type Issue, duplicate, forbiddenField, invalid, required, tooMany } from '../../api/issues.ts';
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from '../generated/types/resource-v1.ts';
import { bytesOf } from '../../base/quantity.ts';
import { compareAmounts, sumOfAmounts } from '../quantities.ts';

const mostOptions = 10;

/** `shared`: whether the device may be given to several at once. */
export function capacityIssues(
  { value, requestPolicy: policy }: DeviceCapacity,
  field: string,
  shared: boolean,
): Issue[] {
  const place = `${field}.requestPolicy`;
  if (!policy) return [];
  if (!shared) return [forbiddenField(place, 'allowMultipleAllocations must be true')];
  const { default: usual, validValues = [], validRange } = policy;
  if (validValues.length > 0 && validRange) {
    const rule = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbiddenField(place, rule)];
  }
  if (validValues.length > 0) {
    return usual === undefined
      ? [required(`${place}.default`, 'required when validValues is defined')]
      : optionIssues(policy, { usual, whole: value, field: `${place}.validValues` });
  }
  if (!validRange) return [];
  return usual === undefined
    ? [required(`${place}.default`, 'required when validRange is defined')]
    : rangeIssues(validRange, { usual, whole: value, field: `${place}.validRange` });
}

interface Asked {
  /** What is given to those who ask for no amount. */
  readonly usual: string;
  /** All there is. */
  readonly whole: string;
  readonly field: string;
}

function optionIssues({ validValues: options = [] }: CapacityRequestPolicy, { usual, whole, field }: Asked): Issue[] {
  const issues = options.flatMap((option, i) =>
    i > 0 && compareAmounts(options[i - 1], option) > 0
      ? [invalid(`${field}[${i}]`, option, 'values must be sorted in ascending order')]
      : [],
  );
  if (options.length > mostOptions) issues.push(tooMany(field, options.length, mostOptions));
  else {
    options.forEach((option, i) => {
      if (compareAmounts(option, whole) <= 0) return;
      issues.push(invalid(`${field}[${i}]`, option, `option is larger than capacity value: ${whole}`));
    });
    options.forEach((option, i) => {
      const first = options.findIndex((other) => compareAmounts(other, option) === 0);
      if (first < i) issues.push(duplicate(`${field}[${i}]`, option));
    });
  }
  const known = options.length <= mostOptions && options.some((option) => compareAmounts(option, usual) === 0);
  if (known) return issues;
  return [...issues, invalid(field, usual, 'default value is not valid according to the requestPolicy')];
}

function rangeIssues({ min, max, step }: CapacityRequestPolicyRange, { usual, whole, field }: Asked): Issue[] {
  if (min === undefined) return [required(`${field}.min`, 'required when validRange is defined')];
  const issues: Issue[] = [];
  const refuse = (name: string, value: string, rule: string) => issues.push(invalid(`${field}.${name}`, value, rule));
  if (compareAmounts(min, whole) > 0) refuse('min', min, `min is larger than capacity value: ${whole}`);
  if (compareAmounts(usual, min) < 0) refuse('min', usual, `default is less than min: ${min}`);
  if (max !== undefined) {
    if (compareAmounts(min, max) > 0) refuse('max', min, `min is larger than max: ${max}`);
    if (compareAmounts(max, whole) > 0) refuse('max', max, `max is larger than capacity value: ${whole}`);
    if (compareAmounts(usual, max) > 0) refuse('max', usual, `default is more than max: ${max}`);
  }
  if (step === undefined) return issues;
  const second = sumOfAmounts([min, step]);
  if (compareAmounts(second, whole) > 0) {
    refuse('step', step, `one step ${second} is larger than capacity value: ${whole}`);
  }
  for (const value of [usual, ...(max === undefined ? [] : [max])]) {
    if (isSteps(value, min, step)) continue;
    refuse('step', value, `value is not a multiple of a given step (${step}) from (${min})`);
  }
  return issues;
}

const isSteps = (value: string, min: string, step: string): boolean =>
  (bytesOf(value) - bytesOf(min)) % bytesOf(step) === 0;
