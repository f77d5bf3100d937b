import { expect, test } from 'vitest';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { bestMatch, mismatchOf } from './match.ts';

type Modes = NonNullable<NonNullable<PersistentVolume['spec']>['accessModes']>;

const volume = (name: string, storage: string, more: object = {}, accessModes: Modes = ['ReadWriteOnce']) =>
  ({
    metadata: { name },
    spec: { capacity: { storage }, accessModes, storageClassName: 's', ...more },
    status: { phase: 'Available' },
  }) as PersistentVolume;

const claim = (storage: string, more: object = {}) =>
  ({
    metadata: { name: 'c', namespace: 'n', uid: 'u' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 's', resources: { requests: { storage } }, ...more },
  }) as PersistentVolumeClaim;

const chosen = (of: PersistentVolumeClaim, ...volumes: PersistentVolume[]) => bestMatch(of, volumes)?.metadata.name;

test('of the volumes that fit, the smallest is taken', () => {
  expect(chosen(claim('2Gi'), volume('big', '9Gi'), volume('small', '1Gi'), volume('right', '3Gi'))).toBe('right');
});

test('a volume that can do more than was asked is kept for those who ask for it', () => {
  const able = volume('able', '1Gi', {}, ['ReadWriteOnce', 'ReadWriteMany']);
  expect(chosen(claim('1Gi'), able, volume('plain', '5Gi'))).toBe('plain');
  expect(chosen(claim('1Gi', { accessModes: ['ReadWriteMany'] }), able, volume('plain', '5Gi'))).toBe('able');
});

test('a reservation decides, unless the volume is too small', () => {
  const reserved = volume('mine', '8Gi', { claimRef: { name: 'c', namespace: 'n' } });
  expect(chosen(claim('1Gi'), volume('free', '1Gi'), reserved)).toBe('mine');
  expect(chosen(claim('9Gi'), reserved)).toBeUndefined();
  const others = volume('theirs', '1Gi', { claimRef: { name: 'c', namespace: 'n', uid: 'another' } });
  expect(chosen(claim('1Gi'), others)).toBeUndefined();
});

test('classes, modes and selectors must agree', () => {
  expect(chosen(claim('1Gi', { storageClassName: 't' }), volume('v', '1Gi'))).toBeUndefined();
  expect(chosen(claim('1Gi', { volumeMode: 'Block' }), volume('v', '1Gi'))).toBeUndefined();
  expect(chosen(claim('1Gi', { selector: { matchLabels: { k: 'y' } } }), volume('v', '1Gi'))).toBeUndefined();
  expect(mismatchOf(volume('v', '1Gi'), claim('2Gi'))).toBe('requested PV is too small');
  expect(mismatchOf(volume('v', '1Gi', { storageClassName: '' }), claim('1Gi'))).toBe(
    'storageClassName does not match',
  );
});
