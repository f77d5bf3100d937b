// Names of pools: domain names after each other, with slashes between them.

import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, required, tooLong } from '../../api/issues.ts';
import { complain } from '../checks.ts';

const longestPool = 253;

export function poolNameIssues(name: string, field: string): Issue[] {
  if (!name) return [required(field)];
  const issues = name.length > longestPool ? [tooLong(field, longestPool)] : [];
  return [...issues, ...name.split('/').flatMap((part) => complain(field, part, isDns1123Subdomain))];
}
