import { expect, test } from 'vitest';
import type { StatefulSetSpec } from '../generated/types/apps-v1.ts';
import { StatefulSet } from './stateful-set.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };
const { applyDefaults, validate, validateUpdate } = StatefulSet.behaviour;

function set(more: Partial<StatefulSetSpec> = {}): StatefulSet {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } };
  const made: StatefulSet = {
    metadata: { name: 'web', namespace: 'n' },
    spec: { selector: { matchLabels: labels }, serviceName: '', template, ...more },
  };
  applyDefaults?.(made);
  return made;
}

const fieldsOf = (issues: readonly { field: string }[] | undefined) => (issues ?? []).map(({ field }) => field);
const created = (more: Partial<StatefulSetSpec>) => fieldsOf(validate?.(set(more), context));
const updated = (more: Partial<StatefulSetSpec>) => fieldsOf(validateUpdate?.(set(more), set(more), context));

const badClaim = { metadata: { name: 'data' }, spec: { resources: { requests: { storage: '1Gi' } } } };

test('the name of its service is a label, which those that have another one keep', () => {
  expect(created({ serviceName: 'web' })).toEqual([]);
  expect(created({ serviceName: 'Web' })).toEqual(['spec.serviceName']);
  expect(updated({ serviceName: 'Web' })).toEqual([]);
});

test('its claims are looked at before its size, and once only', () => {
  const more = { volumeClaimTemplates: [badClaim], replicas: -1 };
  expect(created(more)).toEqual(['spec.volumeClaimTemplates[0].spec.accessModes', 'spec.replicas']);
  expect(updated(more)).toEqual(['spec.replicas']);
});

test('names that its pods get from it are not looked at in the template', () => {
  const { template } = set().spec;
  const named = { ...template, spec: { ...template.spec, hostname: 'Not_a_Name', subdomain: 'Nor_This' } };
  expect(created({ template: named as StatefulSetSpec['template'] })).toEqual([]);
});

test('the labels of its template are looked at twice', () => {
  const { template } = set().spec;
  const labelled = { ...template, metadata: { labels: { app: 'web', x: 'a b' } } };
  expect(created({ template: labelled })).toEqual(['spec.template.labels', 'spec.template.labels']);
});
