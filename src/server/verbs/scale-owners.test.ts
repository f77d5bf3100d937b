import { expect, test } from 'vitest';
import { splitAtReplicas } from './scale-owners.ts';

const entry = (fieldsV1: Record<string, unknown>, more: object = {}) => ({
  manager: 'm',
  operation: 'Update' as const,
  apiVersion: 'example.com/v1',
  time: '2026-01-01T00:00:00Z',
  fieldsV1,
  ...more,
});

test('whoever owns the replicas owns them apart from the rest, and nobody knows since when', () => {
  const both = entry({ 'f:spec': { 'f:count': {}, 'f:size': {} }, 'f:status': {} });
  const { time: _, ...undated } = both;
  expect(splitAtReplicas(both, '.spec.count')).toEqual([
    { ...both, fieldsV1: { 'f:status': {}, 'f:spec': { 'f:size': {} } } },
    { ...undated, fieldsV1: { 'f:spec': { 'f:count': {} } } },
  ]);
  expect(splitAtReplicas(entry({ 'f:spec': { 'f:count': {} } }), '.spec.count')).toEqual([
    { ...undated, fieldsV1: { 'f:spec': { 'f:count': {} } } },
  ]);
});

test('others stay as they are, and what came through the scale bears no time', () => {
  const other = entry({ 'f:spec': { 'f:size': {} } });
  expect(splitAtReplicas(other, '.spec.count')).toEqual([other]);
  const [scaled] = splitAtReplicas(entry({ 'f:spec': { 'f:count': {} } }, { subresource: 'scale' }), '.spec.count');
  expect(scaled).not.toHaveProperty('time');
});
