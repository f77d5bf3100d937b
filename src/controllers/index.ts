// The built-in controllers. Temporary list while they are written.
import type { Controller } from '../reconcile/controller.ts';
export const controllers = (_options: { caCertificate: string; nodeMonitorGracePeriod: number }): readonly Controller[] => [];
