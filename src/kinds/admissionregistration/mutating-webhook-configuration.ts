// MutatingWebhookConfiguration: programs elsewhere that may change what is written.

import { ageColumn, nameColumn, numberColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { MutatingWebhookConfiguration as Shape } from '../generated/types/admissionregistration-v1.ts';
import { applyWebhookDefaults, webhooksIssues } from './webhooks.ts';

export type MutatingWebhookConfiguration = Shape;

export const MutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'MutatingWebhookConfiguration',
  {
    requireVersionOnUpdate: true,
    generation: 'spec',
    applyDefaults({ webhooks }) {
      for (const webhook of webhooks ?? []) {
        applyWebhookDefaults(webhook);
        webhook.reinvocationPolicy ??= 'Never';
      }
    },
    validate: ({ webhooks }) => webhooksIssues(webhooks ?? []),
    validateUpdate: ({ webhooks }, previous) => webhooksIssues(webhooks ?? [], previous.webhooks ?? []),
    columns: [
      nameColumn,
      numberColumn(
        'Webhooks',
        'Webhooks indicates the number of webhooks registered in this configuration',
        ({ webhooks }) => {
          return (webhooks ?? []).length;
        },
      ),
      ageColumn,
    ],
  },
);
