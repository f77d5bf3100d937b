// Numbers that may also be a share of something (`2`, `25%`): what is wrong with them, and what they come to at the least.

import { isPercent } from '../base/names.ts';
import { type IntOrString, percentOf } from '../base/int-or-string.ts';
import { type Issue, invalid } from '../api/issues.ts';
import { complain, nonNegative } from './checks.ts';

/** A number that is not negative, or a percentage. */
export const intOrPercentIssues = (field: string, value: IntOrString | undefined): Issue[] =>
  typeof value === 'string' ? complain(field, value, isPercent) : nonNegative(field, value ?? 0);

export const atMostAllIssues = (field: string, value: IntOrString | undefined): Issue[] =>
  (percentOf(value) ?? 0) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];

/** The number or the percentage; zero for a text that is none. */
export const amountOf = (value: IntOrString | undefined): number =>
  typeof value === 'number' ? value : (percentOf(value) ?? 0);
