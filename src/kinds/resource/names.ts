// How drivers, pools and effects of taints are named.

import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, required, tooLong } from '../../api/issues.ts';
import { complain } from '../checks.ts';

const longestDriver = 63;
const longestPool = 253;

export const taintEffects = ['NoExecute', 'NoSchedule', 'None'];

/** A subdomain in which capitals count as small letters. */
export function driverIssues(driver: string, field: string): Issue[] {
  if (driver === '') return [required(field)];
  const issues = driver.length > longestDriver ? [tooLong(field, longestDriver)] : [];
  const wrong = isDns1123Subdomain(driver.toLowerCase()).length > 0;
  return wrong ? [...issues, ...complain(field, driver, isDns1123Subdomain)] : issues;
}

/** Subdomains, with slashes between. */
export function poolIssues(pool: string, field: string): Issue[] {
  if (pool === '') return [required(field)];
  const issues = pool.length > longestPool ? [tooLong(field, longestPool)] : [];
  return [...issues, ...pool.split('/').flatMap((part) => complain(field, part, isDns1123Subdomain))];
}
