import { expect, test } from 'vitest';
import type { PolicyRulesWithSubjects } from '../generated/types/flowcontrol-v1.ts';
import { FlowSchema } from './flow-schema.ts';
import { PriorityLevelConfiguration } from './priority-level-configuration.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };

const said = (issues: readonly { field: string; message: string }[] | undefined): string[] =>
  (issues ?? []).map(({ field, message }) => `${field}: ${message}`);

function ruleIssues(rule: Partial<PolicyRulesWithSubjects>): string[] {
  const rules = [{ subjects: [{ kind: 'User', user: { name: 'u' } }], ...rule }] as PolicyRulesWithSubjects[];
  const spec = { priorityLevelConfiguration: { name: 'l' }, matchingPrecedence: 5, rules };
  return said(FlowSchema.behaviour.validate?.({ metadata: { name: 'f' }, spec }, context)).map((text) =>
    text.replace('spec.rules[0].', ''),
  );
}

const resources = (more: object) =>
  ruleIssues({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], ...more }],
  }).map((text) => text.replace('resourceRules[0].', ''));

const urls = (...nonResourceURLs: string[]) =>
  ruleIssues({ nonResourceRules: [{ verbs: ['*'], nonResourceURLs }] }).map((text) =>
    text.replace(/^nonResourceRules\[0\]\.nonResourceURLs(\S*) Invalid value: "[^"]*": /, '$1 '),
  );

test('a star stands alone, and only verbs that there are stand without it', () => {
  expect(resources({ verbs: ['*', 'fly'] })).toEqual([
    `verbs: Invalid value: ["*","fly"]: if '*' is present, must not specify other verbs`,
  ]);
  expect(resources({ verbs: ['fly'] })).toEqual([
    'verbs: Unsupported value: ["fly"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
  ]);
});

test('namespaces are labels, unless there is a star', () => {
  expect(resources({ namespaces: ['A_'] })).toEqual([
    expect.stringContaining(
      `namespaces[0]: Invalid value: "A_": each member of this list must be '*' or a DNS-1123 label; a lowercase`,
    ),
  ]);
  expect(resources({ namespaces: ['A_', '*'] })).toHaveLength(1);
  expect(resources({ namespaces: [], clusterScope: true })).toEqual([]);
});

test('paths are plain, and a star is all of their last part', () => {
  expect(urls('/', '/healthz', '/apis/*')).toEqual([]);
  expect(urls('', 'x', '/a b', '/a//b', '/a*', '/*/*')).toEqual([
    '[0]: must not be empty',
    '[1]: must start with slash',
    '[2]: must not contain white-space',
    '[3]: must not contain double slash',
    '[4]: wildcard can only do suffix matching',
    '[5]: wildcard can only do suffix matching',
  ]);
});

test('a schema that is always there is told all that is wrong with it', () => {
  const spec = { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: -1 };
  const issues = FlowSchema.behaviour.validate?.({ metadata: { name: 'exempt' }, spec }, context);
  expect(issues?.map(({ field }) => field)).toEqual(['spec.matchingPrecedence', 'spec']);
});

test('a way to tell flows apart is one that there is', () => {
  const spec = {
    priorityLevelConfiguration: { name: 'l' },
    matchingPrecedence: 5,
    distinguisherMethod: { type: 'ByColour' },
  };
  expect(said(FlowSchema.behaviour.validate?.({ metadata: { name: 'f' }, spec } as never, context))).toEqual([
    'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByColour"}: supported values: "ByNamespace", "ByUser"',
  ]);
});

test('conditions are of one type each', () => {
  const conditions = [{ type: 'A' }, { type: 'A' }, {}] as never;
  for (const kind of [FlowSchema, PriorityLevelConfiguration]) {
    const object = { metadata: { name: 'f' }, status: { conditions } } as never;
    expect(said(kind.behaviour.validateStatusUpdate?.(object, object, context))).toEqual([
      'status.conditions[1].type: Duplicate value: "A"',
      'status.conditions[2].type: Required value',
    ]);
  }
});

test('the exempt level alone is exempt, and lends no less than nothing', () => {
  const issuesOf = (name: string, spec: object) =>
    said(PriorityLevelConfiguration.behaviour.validate?.({ metadata: { name }, spec } as never, context));
  expect(issuesOf('l', {})).toHaveLength(1);
  expect(issuesOf('exempt', {})[0]).toContain("must be 'Exempt' if and only if `name` is 'exempt'");
  expect(issuesOf('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: -1 } })).toEqual([
    'spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
  ]);
});
