// What a watch may ask for: the rules of sendInitialEvents and resourceVersionMatch.

import { forbiddenField, type Issue, invalidOptions, notSupported } from '../../api/issues.ts';

export function requireWatchOptions(query: URLSearchParams): void {
  const issues = watchIssues(query.has('sendInitialEvents'), query.get('resourceVersionMatch') ?? '');
  if (issues.length > 0) throw invalidOptions('ListOptions', issues);
}

function watchIssues(sendsInitialEvents: boolean, match: string): Issue[] {
  if (!sendsInitialEvents) {
    return match === ''
      ? []
      : [
          forbiddenField(
            'resourceVersionMatch',
            'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
          ),
        ];
  }
  if (match === '')
    return [
      forbiddenField('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    ];
  return match === 'NotOlderThan' ? [] : [notSupported('resourceVersionMatch', match, ['NotOlderThan'])];
}
