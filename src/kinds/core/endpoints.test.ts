import { expect, test } from 'vitest';
import { Endpoints } from './endpoints.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };
const at = (ip: string): Endpoints => ({ metadata: { name: 'e', namespace: 'n' }, subsets: [{ addresses: [{ ip }] }] });

test('what is no address is told so twice, and left alone while it stays', () => {
  expect(Endpoints.behaviour.validate?.(at('x'), context).map(({ message }) => message)).toEqual([
    'Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'Invalid value: "x": must be a valid IP address',
  ]);
  expect(Endpoints.behaviour.validateUpdate?.(at('x'), at('x'), context)).toEqual([]);
  expect(Endpoints.behaviour.validateUpdate?.(at('y'), at('x'), context)).toHaveLength(2);
});
