import { expect, test } from 'vitest';
import { type Webhook, webhooksIssues } from './webhooks.ts';

const hook = (name: string, more: Partial<Webhook> = {}): Webhook => ({
  name,
  sideEffects: 'None',
  clientConfig: { url: 'https://a.b' },
  admissionReviewVersions: ['v1'],
  ...more,
});

const fieldsOf = (...webhooks: Webhook[]) => webhooksIssues(webhooks).map(({ field }) => field);

test('a name is had once, which is said last; none at all is no name', () => {
  expect(fieldsOf(hook('a.b.c'), hook('a.b.c', { admissionReviewVersions: [] }))).toEqual([
    'webhooks[1].admissionReviewVersions',
    'webhooks[1].name',
  ]);
  expect(fieldsOf(hook(''), hook(''))).toEqual(['webhooks[0].name', 'webhooks[1].name']);
});
