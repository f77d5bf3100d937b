// What no webhook and no policy is asked about: their own configurations, so that a wrong one can always be taken back.

import type { Attributes } from '../plugin.ts';

const exempt = new Set([
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
]);

export const isExempt = ({ kind }: Attributes): boolean =>
  kind.group === 'admissionregistration.k8s.io' && exempt.has(kind.plural);
