import { expect, test } from 'vitest';
import { RuntimeClass } from './runtime-class.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };

const issuesOf = (more: Partial<RuntimeClass>): string[] =>
  (RuntimeClass.behaviour.validate?.({ metadata: { name: 'r' }, handler: 'h', ...more }, context) ?? []).map(
    ({ field, message }) => `${field}: ${message}`,
  );

test('a class names its handler', () => {
  expect(issuesOf({ handler: '' })).toEqual(['handler: Required value']);
});

test('what a pod costs is looked at as the limits of a container', () => {
  expect(issuesOf({ overhead: { podFixed: { cpu: '-1' } } })).toEqual([
    'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ]);
});

test('the same is tolerated once', () => {
  const toleration = { key: 'k', operator: 'Exists' as const };
  const again = { ...toleration, effect: 'NoExecute' as const, tolerationSeconds: 5 };
  expect(issuesOf({ scheduling: { tolerations: [toleration, again] } })).toEqual([]);
  const { tolerationSeconds: _, ...first } = again;
  expect(issuesOf({ scheduling: { tolerations: [first, again] } })).toEqual([
    'scheduling.tolerations[1]: Duplicate value: {"Key":"k","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":5}',
  ]);
});
