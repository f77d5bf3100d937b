import type { ValidatingAdmissionPolicy as Shape } from '../generated/types/admissionregistration-v1.ts';
import { defineKind } from '../define.ts';

export type ValidatingAdmissionPolicy = Shape;

export const ValidatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', {});
