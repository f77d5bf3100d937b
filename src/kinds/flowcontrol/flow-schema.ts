// FlowSchema: which requests belong to which priority level.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { conditionTypeIssues } from '../conditions.ts';
import { defineKind } from '../define.ts';
import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
  FlowSchema as Shape,
} from '../generated/types/flowcontrol-v1.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';

export type FlowSchema = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.flowcontrol.v1.FlowSchemaSpec', field });

export const FlowSchema = defineKind<FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', {
  applyDefaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= 1000;
  },
  prepareForCreate(schema) {
    schema.status = {};
  },
  prepareForStatusUpdate: keepMetadata,
  resetFields: statusOnlyFields,
  validate: schemaIssues,
  validateUpdate: schemaIssues,
  validateStatusUpdate: ({ status }) => conditionTypeIssues(status?.conditions),
  columns: [
    nameColumn,
    textColumn(
      'PriorityLevel',
      { type: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationReference', field: 'name' },
      ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '',
    ),
    textColumn('MatchingPrecedence', specField('matchingPrecedence'), ({ spec }) => spec?.matchingPrecedence ?? 0),
    textColumn('DistinguisherMethod', specField('distinguisherMethod'), ({ spec }) => {
      return spec?.distinguisherMethod?.type ?? '<none>';
    }),
    ageColumn,
    textColumn('MissingPL', 'references a broken or non-existent PriorityLevelConfiguration', ({ status }) => {
      const dangling = status?.conditions?.find(({ type }) => type === 'Dangling');
      return dangling?.status ?? '?';
    }),
  ],
});

const highestPrecedence = 10_000;

function schemaIssues({ metadata, spec = {} as FlowSchemaSpec }: FlowSchema): Issue[] {
  const { matchingPrecedence: precedence = 0, distinguisherMethod, rules, priorityLevelConfiguration: level } = spec;
  const issues: Issue[] = [];
  if (precedence <= 0) issues.push(invalid('spec.matchingPrecedence', precedence, 'must be a positive value'));
  if (precedence > highestPrecedence) {
    const rule = `must not be greater than ${highestPrecedence}`;
    issues.push(invalid('spec.matchingPrecedence', precedence, rule));
  }
  if (precedence === 1 && metadata.name !== 'exempt') {
    issues.push(
      invalid('spec.matchingPrecedence', precedence, "only the schema named 'exempt' may have matchingPrecedence 1"),
    );
  }
  if (distinguisherMethod && distinguisherMethod.type !== 'ByNamespace' && distinguisherMethod.type !== 'ByUser') {
    const { type: Type } = distinguisherMethod;
    issues.push(notSupported('spec.distinguisherMethod.type', { Type }, ['ByNamespace', 'ByUser']));
  }
  if (!level?.name) {
    issues.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'));
  } else issues.push(...complain('spec.priorityLevelConfiguration.name', level.name, isDns1123Subdomain));
  (rules ?? []).forEach((rule, i) => issues.push(...ruleIssues(rule, `spec.rules[${i}]`)));
  const fixedSpec = fixed[metadata.name ?? ''];
  if (!fixedSpec || deepEqual(spec, fixedSpec)) return issues;
  return [...issues, invalid('spec', internalSpec(spec), `spec of '${metadata.name}' must equal the fixed value`)];
}

function ruleIssues({ subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects, field: string): Issue[] {
  const given = subjects ?? [];
  const issues = given.length === 0 ? [required(`${field}.subjects`, 'subjects must contain at least one value')] : [];
  given.forEach((subject, i) => issues.push(...subjectIssues(subject, `${field}.subjects[${i}]`)));
  if ((resourceRules ?? []).length + (nonResourceRules ?? []).length === 0) {
    issues.push(required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  (resourceRules ?? []).forEach((rule, i) => issues.push(...resourceIssues(rule, `${field}.resourceRules[${i}]`)));
  (nonResourceRules ?? []).forEach((rule, i) => issues.push(...urlIssues(rule, `${field}.nonResourceRules[${i}]`)));
  return issues;
}

const parts = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

function subjectIssues(subject: Subject, field: string): Issue[] {
  const { kind } = subject;
  if (!Object.hasOwn(parts, kind ?? '')) return [notSupported(`${field}.kind`, kind ?? '', Object.keys(parts))];
  const own = parts[kind];
  const issues: Issue[] = [];
  if (!subject[own]) issues.push(required(`${field}.${own}`, `${own} is required when subject kind is '${kind}'`));
  else if (own === 'serviceAccount') issues.push(...accountIssues(subject.serviceAccount, `${field}.serviceAccount`));
  else if (!subject[own].name) issues.push(required(`${field}.${own}.name`));
  for (const [other, part] of Object.entries(parts)) {
    if (part === own || !subject[part]) continue;
    issues.push(forbiddenField(`${field}.${part}`, `${part} is forbidden when subject kind is not '${other}'`));
  }
  return issues;
}

function accountIssues(account: Subject['serviceAccount'], field: string): Issue[] {
  const { name = '', namespace = '' } = account ?? {};
  const issues: Issue[] = [];
  if (!name) issues.push(required(`${field}.name`));
  else if (name !== '*') issues.push(...complain(`${field}.name`, name, isDns1123Subdomain));
  if (!namespace) issues.push(required(`${field}.namespace`, 'must specify namespace for service account'));
  else issues.push(...complain(`${field}.namespace`, namespace, isDns1123Label));
  return issues;
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

/** What is wrong with a list that must not be empty, nor have a star beside others. */
function starred(list: readonly string[] | undefined, field: string, what: string, empty: string): Issue[] {
  const given = list ?? [];
  if (given.length === 0) return [required(field, empty)];
  if (given.length === 1 || !given.includes('*')) return [];
  return [invalid(field, given, `if '*' is present, must not specify other ${what}`)];
}

function verbsIssues(asked: readonly string[] | undefined, field: string): Issue[] {
  const issues = starred(asked, field, 'verbs', 'verbs must contain at least one value');
  if (asked?.includes('*') || asked?.every((verb) => verbs.includes(verb))) return issues;
  return issues.length > 0 ? issues : [notSupported(field, asked, verbs)];
}

const namespaceRule = "each member of this list must be '*' or a DNS-1123 label; ";

function resourceIssues(rule: ResourcePolicyRule, field: string): Issue[] {
  const namespaces = rule.namespaces ?? [];
  const place = `${field}.namespaces`;
  const none = 'resource rules that are not cluster scoped must supply at least one namespace';
  return [
    ...verbsIssues(rule.verbs, `${field}.verbs`),
    ...starred(rule.apiGroups, `${field}.apiGroups`, 'api groups', 'resource rules must supply at least one api group'),
    ...starred(rule.resources, `${field}.resources`, 'resources', 'resource rules must supply at least one resource'),
    ...(namespaces.length === 0 && rule.clusterScope ? [] : starred(namespaces, place, 'namespaces', none)),
    ...(namespaces.includes('*')
      ? []
      : namespaces.flatMap((namespace, i) =>
          isDns1123Label(namespace).map((text) => invalid(`${place}[${i}]`, namespace, `${namespaceRule}${text}`)),
        )),
  ];
}

function urlIssues({ verbs: asked, nonResourceURLs }: NonResourcePolicyRule, field: string): Issue[] {
  const urls = nonResourceURLs ?? [];
  const place = `${field}.nonResourceURLs`;
  const empty = 'nonResourceURLs must contain at least one value';
  return [
    ...verbsIssues(asked, `${field}.verbs`),
    ...starred(urls, place, 'non-resource URLs', empty),
    ...(urls.includes('*') ? [] : urls.flatMap((url, i) => complain(`${place}[${i}]`, url, isUrlPath))),
  ];
}

function isUrlPath(path: string): string[] {
  if (path === '') return ['must not be empty'];
  if (path === '/') return [];
  if (!path.startsWith('/')) return ['must start with slash'];
  if (path.includes(' ')) return ['must not contain white-space'];
  if (path.includes('//')) return ['must not contain double slash'];
  const stars = path.split('*').length - 1;
  return stars > 1 || (stars === 1 && !path.endsWith('/*')) ? ['wildcard can only do suffix matching'] : [];
}

const everything: PolicyRulesWithSubjects['resourceRules'] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
];
const everyUrl: PolicyRulesWithSubjects['nonResourceRules'] = [{ verbs: ['*'], nonResourceURLs: ['*'] }];
const groups = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'Group', group: { name } }));

/** The two that are always there, and always the same. */
const fixed: Readonly<Record<string, FlowSchemaSpec>> = {
  exempt: {
    priorityLevelConfiguration: { name: 'exempt' },
    matchingPrecedence: 1,
    rules: [{ subjects: groups('system:masters'), resourceRules: everything, nonResourceRules: everyUrl }],
  },
  'catch-all': {
    priorityLevelConfiguration: { name: 'catch-all' },
    matchingPrecedence: highestPrecedence,
    distinguisherMethod: { type: 'ByUser' },
    rules: [
      {
        subjects: groups('system:unauthenticated', 'system:authenticated'),
        resourceRules: everything,
        nonResourceRules: everyUrl,
      },
    ],
  },
};

/** The specification as the API server has it inside, which refusals print. */
const internalSpec = (spec: FlowSchemaSpec) => ({
  PriorityLevelConfiguration: { Name: spec.priorityLevelConfiguration?.name ?? '' },
  MatchingPrecedence: spec.matchingPrecedence ?? 0,
  DistinguisherMethod: spec.distinguisherMethod ? { Type: spec.distinguisherMethod.type } : null,
  Rules:
    spec.rules?.map(({ subjects, resourceRules, nonResourceRules }) => ({
      Subjects:
        subjects?.map(({ kind, user, group, serviceAccount: account }) => ({
          Kind: kind,
          User: user ? { Name: user.name } : null,
          Group: group ? { Name: group.name } : null,
          ServiceAccount: account ? { Namespace: account.namespace, Name: account.name } : null,
        })) ?? null,
      ResourceRules:
        resourceRules?.map((rule) => ({
          Verbs: rule.verbs,
          APIGroups: rule.apiGroups,
          Resources: rule.resources,
          ClusterScope: rule.clusterScope ?? false,
          Namespaces: rule.namespaces ?? null,
        })) ?? null,
      NonResourceRules:
        nonResourceRules?.map((rule) => ({ Verbs: rule.verbs, NonResourceURLs: rule.nonResourceURLs })) ?? null,
    })) ?? null,
});
