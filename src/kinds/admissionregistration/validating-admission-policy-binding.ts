import type { ValidatingAdmissionPolicyBinding as Shape } from '../generated/types/admissionregistration-v1.ts';
import { defineKind } from '../define.ts';

export type ValidatingAdmissionPolicyBinding = Shape;

export const ValidatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', {});
