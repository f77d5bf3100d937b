import { expect, test } from 'vitest';
import { PodGroup } from './pod-group.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => true };

test('what is said of claims is about claims the group has', () => {
  const group = (...names: string[]): PodGroup => ({
    metadata: { name: 'g', namespace: 'n' },
    spec: { schedulingPolicy: { basic: {} }, resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] },
    status: { resourceClaimStatuses: names.map((name) => ({ name })) },
  });
  const issues = PodGroup.behaviour.validateStatusUpdate?.(group('gpu', 'other'), group(), context);
  expect(issues?.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'status.resourceClaimStatuses[1].name: Invalid value: "other": must match the name of an entry in `spec.resourceClaims`',
  ]);
});
