import type { MutatingWebhookConfiguration as Shape } from '../generated/types/admissionregistration-v1.ts';
import { defineKind } from '../define.ts';

export type MutatingWebhookConfiguration = Shape;

export const MutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', {});
