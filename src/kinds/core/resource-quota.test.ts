import { expect, test } from 'vitest';
import type { ResourceQuotaSpec } from '../generated/types/core-v1.ts';
import { ResourceQuota } from './resource-quota.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };

const issuesOf = (spec: object): string[] =>
  (ResourceQuota.behaviour.validate?.({ metadata: { name: 'q' }, spec: spec as ResourceQuotaSpec }, context) ?? []).map(
    ({ field, message }) => `${field}: ${message}`,
  );

const field = 'spec.scopeSelector.matchExpressions';
const select = (...matchExpressions: object[]) => ({ scopeSelector: { matchExpressions } });

test('what cannot be limited under a scope is said of the whole selector', () => {
  const best = { scopeName: 'BestEffort', operator: 'Exists' };
  expect(issuesOf({ hard: { cpu: '1', pods: '1' }, ...select(best) })).toEqual([
    `${field}: Invalid value: {"MatchExpressions":[{"ScopeName":"BestEffort","Operator":"Exists","Values":null}]}: unsupported scope applied to resource`,
  ]);
});

test('scopes that there are not are told so, and nothing else', () => {
  expect(issuesOf(select({ scopeName: 'Mine', operator: 'In', values: ['x'] }))).toEqual([
    `${field}.scopeName: Invalid value: "Mine": unsupported scope`,
  ]);
});

test('opposites exclude each other, pair by pair', () => {
  const scopes = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating'];
  expect(issuesOf({ scopes })).toHaveLength(2);
  const conflict = `${field}: Invalid value: null: conflicting scopes`;
  expect(issuesOf(select(...scopes.map((scopeName) => ({ scopeName, operator: 'Exists' }))))).toEqual([
    conflict,
    conflict,
  ]);
});

test('a scope that takes no values exists', () => {
  expect(issuesOf(select({ scopeName: 'Terminating', operator: 'In', values: ['x'] }))).toEqual([
    expect.stringContaining(`${field}.operator: Invalid value: "In": must be 'Exists' when scope is any of`),
  ]);
});
