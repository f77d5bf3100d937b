import { expect, test } from 'vitest';
import type { CustomResourceDefinition } from '../../kinds/generated/types/apiextensions-v1.ts';
import { planDefinitionStatus } from './definition-status.ts';

const definition = (plural: string, kind: string): CustomResourceDefinition => ({
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [],
  },
});

const at = '2026-01-01T00:00:00Z';
const accepted = (given: CustomResourceDefinition): CustomResourceDefinition => ({
  ...given,
  status: planDefinitionStatus(given, [], at),
});

test('names that nobody has are accepted, and the definition is established', () => {
  const { acceptedNames, conditions } = planDefinitionStatus(definition('widgets', 'Widget'), [], at);
  expect(acceptedNames).toEqual({ plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList' });
  expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['NamesAccepted', 'True', 'NoConflicts'],
    ['Established', 'True', 'InitialNamesAccepted'],
  ]);
});

test('a name in use in the group is refused, and the others are taken', () => {
  const first = accepted(definition('widgets', 'Widget'));
  const second = definition('gadgets', 'Widget');
  const { acceptedNames, conditions } = planDefinitionStatus(second, [first, second], at);
  expect(acceptedNames).toEqual({ plural: 'gadgets', kind: '' });
  expect(conditions[0]).toMatchObject({ reason: 'ListKindConflict', message: '"WidgetList" is already in use' });
  expect(conditions[1]).toMatchObject({ type: 'Established', status: 'False', reason: 'NotAccepted' });
});

test('nothing new leaves the status as it is', () => {
  const first = accepted(definition('widgets', 'Widget'));
  expect(planDefinitionStatus(first, [first], '2027-01-01T00:00:00Z')).toEqual(first.status);
});
