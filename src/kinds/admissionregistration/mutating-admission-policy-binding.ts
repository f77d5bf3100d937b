import type { MutatingAdmissionPolicyBinding as Shape } from '../generated/types/admissionregistration-v1.ts';
import { defineKind } from '../define.ts';

export type MutatingAdmissionPolicyBinding = Shape;

export const MutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicyBinding', {});
