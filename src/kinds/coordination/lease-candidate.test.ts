import { expect, test } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { LeaseCandidate } from './lease-candidate.ts';

const context = { now: () => 0, random: seededRandom(1), enabled: () => true };
const faultsOf = (binaryVersion: string, emulationVersion: string) =>
  (
    LeaseCandidate.behaviour.validate?.(
      {
        metadata: { name: 'me' },
        spec: { leaseName: 'lock', strategy: 'OldestEmulationVersion', binaryVersion, emulationVersion },
      },
      context,
    ) ?? []
  ).map(({ field }) => field.replace('spec.', ''));

test.each([
  ['1.36.0', '1.36.0', []],
  ['1.36.0', '1.36.0-alpha.1', []],
  ['1.36.0-beta.0', '1.36.0', ['binaryVersion']],
  ['1.36.0-alpha.2', '1.36.0-alpha.10', ['binaryVersion']],
  ['1.36.0-rc.1', '1.36.0-beta.9', []],
  ['1.36.0+build', '1.36.0', []],
  ['1.36', '1.35.0', ['binaryVersion', 'binaryVersion']],
  ['1.036.0', '1.35.0', ['binaryVersion', 'binaryVersion']],
  ['1.36.0', '0.0.0', ['emulationVersion']],
])('the binary is %s and emulates %s', (binary, emulated, faults) => {
  expect(faultsOf(binary, emulated)).toEqual(faults);
});
