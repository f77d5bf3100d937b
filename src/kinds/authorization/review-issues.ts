// What is wrong with a question about what somebody may do.

import { type Issue, invalid } from '../../api/issues.ts';

interface Asked {
  readonly resourceAttributes?: object;
  readonly nonResourceAttributes?: object;
  readonly user?: string;
  readonly groups?: readonly string[] | null;
}

/** A review asks about one thing; unless it is about the asker, it says about whom. */
export function reviewIssues(spec: Asked | undefined, about: 'self' | 'anyone'): Issue[] {
  const { resourceAttributes: resource, nonResourceAttributes: path, user, groups } = spec ?? {};
  const issues: Issue[] = [];
  if (resource && path) {
    const rule = 'cannot be specified in combination with resourceAttributes';
    issues.push(invalid('spec.nonResourceAttributes', path, rule));
  }
  if (!resource && !path) {
    issues.push(
      invalid(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  }
  if (about === 'anyone' && !user && (groups ?? []).length === 0) {
    issues.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  }
  return issues;
}
