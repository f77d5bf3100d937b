import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parts, uncovered } from './covers.ts';

const some = (...words: string[]) => fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 });
const rule = fc.record({
  apiGroups: some('', 'apps', '*'),
  resources: some('pods', 'pods/log', 'deployments', 'deployments/scale', '*/scale', '*'),
  verbs: some('get', 'list', 'create', '*'),
  resourceNames: fc.uniqueArray(fc.constantFrom('a', 'b')),
});

test('rules cover themselves, whole and in parts', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 3 }), (rules) => {
      expect(uncovered(rules, rules)).toEqual([]);
      expect(uncovered(rules.flatMap(parts), rules)).toEqual([]);
    }),
  );
});

test('what is missing, once added, is missing no more', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 2 }), fc.array(rule, { maxLength: 2 }), (owned, wanted) => {
      expect(uncovered([...owned, ...uncovered(owned, wanted)], wanted)).toEqual([]);
    }),
  );
});

const pods = (more: object) => ({ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...more });

test.each([
  ['a star of verbs', pods({ verbs: ['*'] }), pods({ verbs: ['delete'] }), true],
  ['a subresource of all', pods({ resources: ['*/scale'] }), pods({ resources: ['pods/scale'] }), true],
  ['not the resource itself', pods({ resources: ['pods/log'] }), pods({}), false],
  ['one name of all', pods({}), pods({ resourceNames: ['a'] }), true],
  ['all from one name', pods({ resourceNames: ['a'] }), pods({}), false],
  ['a path below', { verbs: ['get'], nonResourceURLs: ['/a/*'] }, { verbs: ['get'], nonResourceURLs: ['/a/b'] }, true],
  ['a path beside', { verbs: ['get'], nonResourceURLs: ['/a/*'] }, { verbs: ['get'], nonResourceURLs: ['/b'] }, false],
])('covers %s as it should', (_, owned, wanted, covered) => {
  expect(uncovered([owned], [wanted]).length === 0).toBe(covered);
});
