import { expect, test } from 'vitest';
import type { DeviceTaintRule } from './device-taint-rule.ts';
import { withRuleTaints } from './device-taints.ts';
import type { ResourceSlice } from './resource-slice.ts';

const published = { key: 'hot', effect: 'NoExecute' as const };
const slice = {
  metadata: { name: 's' },
  spec: {
    driver: 'gpu',
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    devices: [{ name: 'a', taints: [published] }, { name: 'b' }],
  },
} as ResourceSlice;

const rule = (deviceSelector?: object): DeviceTaintRule => ({
  metadata: { name: 'r' },
  spec: { ...(deviceSelector && { deviceSelector }), taint: { key: 'broken', effect: 'NoSchedule' } },
});

const keys = (...rules: DeviceTaintRule[]) =>
  withRuleTaints([slice], rules).flatMap(({ spec }) =>
    (spec.devices ?? []).map(({ taints = [] }) => taints.map(({ key }) => key).join(' ')),
  );

test.each([
  [undefined, ['hot', '']],
  [{}, ['hot broken', 'broken']],
  [{ driver: 'gpu', device: 'b' }, ['hot', 'broken']],
  [{ driver: 'gpu', pool: 'q' }, ['hot', '']],
])('a rule with the selector %j taints the devices it is about', (selector, expected) => {
  expect(keys(rule(selector))).toEqual(expected);
});
