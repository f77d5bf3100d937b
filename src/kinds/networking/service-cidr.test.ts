import { expect, test } from 'vitest';
import { ServiceCIDR } from './service-cidr.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };
const range = (...cidrs: string[]): ServiceCIDR => ({ metadata: { name: 'r' }, spec: { cidrs } });

const change = (before: string[], next: string[]): string[] =>
  ServiceCIDR.behaviour
    .validateUpdate?.(range(...next), range(...before), context)
    .map(({ field, message }) => `${field}: ${message}`) ?? [];

const [four, six, other] = ['192.0.2.0/24', '2001:db8::/112', '198.51.100.0/24'] as const;

test('a range of the other family may be added, and nothing else changes', () => {
  expect(change([four], [four, six])).toEqual([]);
  expect(change([four], [other])).toEqual([`spec.cidrs[0]: Invalid value: "${other}": field is immutable`]);
  for (const [before, next] of [
    [[four, six], [four]],
    [[four], [four, six, other]],
    [
      [four, six],
      [four, six, other],
    ],
  ] as const) {
    expect(change([...before], [...next])).toEqual([
      `spec.cidrs: Invalid value: ${JSON.stringify(next)}: field is immutable`,
    ]);
  }
});

test('ranges are looked at one by one before both together', () => {
  const issues = ServiceCIDR.behaviour.validate?.(range('192.0.2.7/24', other), context).map(({ field }) => field);
  expect(issues).toEqual(['spec.cidrs[0]', 'spec.cidrs']);
});
