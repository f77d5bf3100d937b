import type { ValidatingWebhookConfiguration as Shape } from '../generated/types/admissionregistration-v1.ts';
import { defineKind } from '../define.ts';

export type ValidatingWebhookConfiguration = Shape;

export const ValidatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', {});
