// ValidatingWebhookConfiguration: programs elsewhere that may refuse what is written.

import { ageColumn, nameColumn, numberColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ValidatingWebhookConfiguration as Shape } from '../generated/types/admissionregistration-v1.ts';
import { applyWebhookDefaults, webhooksIssues } from './webhooks.ts';

export type ValidatingWebhookConfiguration = Shape;

export const ValidatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'ValidatingWebhookConfiguration',
  {
    requireVersionOnUpdate: true,
    generation: 'spec',
    applyDefaults({ webhooks }) {
      for (const webhook of webhooks ?? []) {
        applyWebhookDefaults(webhook);
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
