// The names of who signs certificates: `example.com/signer`.

import { type Issue, invalid, required, tooLong } from '../api/issues.ts';
import { utf8Length } from '../base/bytes.ts';
import { isDns1123Label, isDns1123Subdomain } from '../base/names.ts';

const longestSignerName = 571;
const longestDomain = 253;

/** A domain of several parts, and a path of one or more. */
export function signerNameIssues(name: string, field: string): Issue[] {
  if (!name) return [required(field)];
  const parts = name.split('/');
  const [domain = '', path = ''] = parts;
  if (parts.length !== 2) {
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const issues = utf8Length(domain) > longestDomain ? [tooLong(field, longestDomain)] : [];
  issues.push(...labelIssues(domain, field, isDns1123Label));
  if (!domain.includes('.')) {
    issues.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'));
  }
  issues.push(...labelIssues(path, field, isDns1123Subdomain));
  return utf8Length(name) > longestSignerName ? [...issues, tooLong(field, longestSignerName)] : issues;
}

/** Only the first label that is wrong is told. */
function labelIssues(text: string, field: string, check: (label: string) => string[]): Issue[] {
  const wrong = text.split('.').find((label) => check(label).length > 0);
  if (wrong === undefined) return [];
  return check(wrong).map((rule) => invalid(field, text, `validating label ${JSON.stringify(wrong)}: ${rule}`));
}

/** Whether the name is kept for Kubernetes' own signers. */
export const isKubernetesSigner = (name: string): boolean => /^([^/]*\.)?kubernetes\.io(\/|$)/.test(name);
