import { expect, test } from 'vitest';
import { kindOfDefinition } from './kind-of-definition.ts';

test('a deprecated version names the newest better one that is served, where there is one', () => {
  const schema = { openAPIV3Schema: { type: 'object' } };
  const version = (name: string, more: object = {}) => ({ name, served: true, storage: false, schema, ...more });
  const deprecated = { deprecated: true };
  const { versions } = kindOfDefinition(
    {
      metadata: { name: 'places.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'places', kind: 'Place' },
        versions: [
          version('v1alpha1', deprecated),
          version('v1beta1'),
          version('v1', { storage: true }),
          version('v2', { served: false }),
          version('v3', deprecated),
        ],
      },
    },
    { convert: undefined, timed: (_, act) => act() },
  );
  expect(Object.fromEntries(versions.map((each) => [each.version, each.deprecation]))).toEqual({
    v1: undefined,
    v1alpha1: 'example.com/v1alpha1 Place is deprecated; use example.com/v1 Place',
    v1beta1: undefined,
    v3: 'example.com/v3 Place is deprecated',
  });
});
