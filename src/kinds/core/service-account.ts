// ServiceAccount: who a pod is.

import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ServiceAccount as Shape } from '../generated/types/core-v1.ts';

export type ServiceAccount = Shape;

const mountable = 'kubernetes.io/enforce-mountable-secrets';
const mountableText = 'deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets';

export const ServiceAccount = defineKind<ServiceAccount>('v1', 'ServiceAccount', {
  returnsDeleted: true,
  prepareForCreate: nameSecretsOnly,
  prepareForUpdate: nameSecretsOnly,
  warnings: ({ metadata }, previous) =>
    metadata.annotations?.[mountable] === undefined || previous?.metadata.annotations?.[mountable] !== undefined
      ? []
      : [`metadata.annotations[${mountable}]: ${mountableText}`],
  columns: [nameColumn, ageColumn],
});

/** Of what an account says about its secrets only their names are kept. */
function nameSecretsOnly(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name ? { name } : {}));
}
