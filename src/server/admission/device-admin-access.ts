// DeviceAdminAccess: who looks into devices that others use does so only in namespaces that are marked for it.

import { forbiddenField, invalidObject } from '../../api/issues.ts';
import { Namespace } from '../../kinds/core/namespace.ts';
import type { DeviceRequest } from '../../kinds/generated/types/resource-v1.ts';
import type { ResourceClaim } from '../../kinds/resource/resource-claim.ts';
import type { ResourceClaimTemplate } from '../../kinds/resource/resource-claim-template.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

const label = 'resource.kubernetes.io/admin-access';

export const deviceAdminAccess: AdmissionPlugin = {
  name: 'DeviceAdminAccess',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' &&
    subresource === '' &&
    kind.group === 'resource.k8s.io' &&
    (kind.plural === 'resourceclaims' || kind.plural === 'resourceclaimtemplates'),

  async validate({ kind, object, namespace, name }, world) {
    const at = requestsOf(object as Draft).findIndex(({ exactly }) => exactly?.adminAccess);
    if (at < 0) return;
    const home = (await world.mirror(Namespace)).get(namespace);
    if (home?.metadata.labels?.[label] === 'true') return;
    const rule = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
    const issue = forbiddenField(`spec.devices.requests[${at}].adminAccess`, rule);
    throw invalidObject(kind.kind, kind.group, object?.metadata.name ?? name, [issue]);
  },
};

/** A template's claim is one spec deeper; refusals name both alike. */
function requestsOf(object: Draft): readonly DeviceRequest[] {
  const { spec } = object as unknown as ResourceClaim | ResourceClaimTemplate;
  const devices = spec && 'spec' in spec ? spec.spec?.devices : spec?.devices;
  return devices?.requests ?? [];
}
