import type { MutatingAdmissionPolicy as Shape } from '../generated/types/admissionregistration-v1.ts';
import { defineKind } from '../define.ts';

export type MutatingAdmissionPolicy = Shape;

export const MutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicy', {});
