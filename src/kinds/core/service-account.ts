// ServiceAccount: who a pod is.

import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ServiceAccount as Shape } from '../generated/types/core-v1.ts';

export type ServiceAccount = Shape;

export const ServiceAccount = defineKind<ServiceAccount>('v1', 'ServiceAccount', {
  returnsDeleted: true,
  prepareForCreate: nameSecretsOnly,
  prepareForUpdate: nameSecretsOnly,
  columns: [nameColumn, ageColumn],
});

/** Of what an account says about its secrets only their names are kept. */
function nameSecretsOnly(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name ? { name } : {}));
}
