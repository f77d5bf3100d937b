// The names of storage drivers, which become parts of paths.

import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, required, tooLong } from '../../api/issues.ts';
import { complain } from '../checks.ts';

/** The driver of simulated nodes: that of the class `standard`, and of provisioners whose names are no drivers' names. */
export const simulatedDriver = 'simulated.portolan.dev';

const longestName = 63;

export const isDriverName = (name: string): boolean => driverNameIssues(name, '').length === 0;

export function driverNameIssues(name: string, field: string): Issue[] {
  const issues = name ? [] : [required(field)];
  if (name.length > longestName) issues.push(tooLong(field, longestName));
  return name ? [...issues, ...complain(field, name, (text) => isDns1123Subdomain(text.toLowerCase()))] : issues;
}
