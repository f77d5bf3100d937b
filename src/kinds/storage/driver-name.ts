// The names of storage drivers, which become parts of paths.

import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, required, tooLong } from '../../api/issues.ts';
import { complain } from '../checks.ts';

const longestName = 63;

export function driverNameIssues(name: string, field: string): Issue[] {
  const issues = name ? [] : [required(field)];
  if (name.length > longestName) issues.push(tooLong(field, longestName));
  return name ? [...issues, ...complain(field, name, (text) => isDns1123Subdomain(text.toLowerCase()))] : issues;
}
