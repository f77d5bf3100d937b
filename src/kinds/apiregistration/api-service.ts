// APIService: a group and version that another server answers for.

import { isDns1035Label, isDns1123Subdomain, isPortNumber } from '../../base/names.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { APIServiceSpec, APIService as Shape } from '../generated/types/apiregistration-v1.ts';
import { keepMetadata } from '../status-update.ts';

export type APIService = Shape;

export const APIService = defineKind<APIService>('apiregistration.k8s.io/v1', 'APIService', {
  requireVersionOnUpdate: true,
  nameRule: 'pathSegment',
  generation: 'none',
  applyDefaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
  prepareForCreate(service) {
    service.status = {};
    if (!service.spec?.service) service.status.conditions = [locallyServed()];
  },
  prepareForStatusUpdate: keepMetadata,
  validate: serviceIssues,
  validateUpdate: serviceIssues,
  columns: [
    nameColumn,
    textColumn('Service', 'The reference to the service that hosts this API endpoint.', ({ spec: { service } }) => {
      return service ? `${service.namespace}/${service.name}` : 'Local';
    }),
    textColumn('Available', 'Whether this service is available.', availableCell),
    ageColumn,
  ],
});

const locallyServed = () => ({
  type: 'Available',
  status: 'True' as const,
  reason: 'Local',
  message: 'Local APIServices are always available',
});

function availableCell({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  const { status: is, reason } = condition;
  return is === 'True' || !reason ? is : `${is} (${reason})`;
}

const highestGroupPriority = 20_000;
const highestVersionPriority = 1000;

function serviceIssues({ metadata: { name = '' }, spec = {} as APIServiceSpec }: APIService): Issue[] {
  const { group = '', version = '', service, caBundle, insecureSkipTLSVerify } = spec;
  const expected = `${version}.${group}`;
  const issues: Issue[] = [];
  if (name !== expected) {
    issues.push(invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`));
  }
  if (group) issues.push(...complain('spec.group', group, isDns1123Subdomain));
  else if (version !== 'v1') {
    issues.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  issues.push(...complain('spec.version', version, isDns1035Label));
  issues.push(...priorityIssues('groupPriorityMinimum', spec.groupPriorityMinimum, highestGroupPriority));
  issues.push(...priorityIssues('versionPriority', spec.versionPriority, highestVersionPriority));
  if (!service) {
    if (caBundle)
      issues.push(invalid('spec.caBundle', `${caBundle.length} bytes`, 'local APIServices may not have a caBundle'));
    if (insecureSkipTLSVerify) {
      const rule = 'local APIServices may not have insecureSkipTLSVerify';
      issues.push(invalid('spec.insecureSkipTLSVerify', insecureSkipTLSVerify, rule));
    }
    return issues;
  }
  if (!service.namespace) issues.push(required('spec.service.namespace'));
  if (!service.name) issues.push(required('spec.service.name'));
  for (const problem of isPortNumber(service.port ?? 443)) {
    issues.push(invalid('spec.service.port', service.port, `port is not valid: ${problem}`));
  }
  if (insecureSkipTLSVerify && caBundle) {
    issues.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
  }
  return issues;
}

function priorityIssues(name: string, value: number | undefined, highest: number): Issue[] {
  const priority = value ?? 0;
  if (priority > 0 && priority <= highest) return [];
  return [invalid(`spec.${name}`, priority, `must be positive and less than ${highest}`)];
}
