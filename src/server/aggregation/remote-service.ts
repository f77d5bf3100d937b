// Another API server as it is reached: its service, its name, and how it learns for whom it is asked.

import { bytesOfBase64, textOf } from '../../base/bytes.ts';
import type { UserInfo } from '../../api/request.ts';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { OutgoingRequest } from '../outgoing/outgoing.ts';
import { type Remote, serviceHost } from '../outgoing/remote.ts';
import type { ServiceReference } from '../outgoing/service-endpoint.ts';

type Spec = APIService['spec'];

const defaultPort = 443;

export const serviceOf = ({
  name = '',
  namespace = '',
  port = defaultPort,
}: NonNullable<Spec['service']>): ServiceReference => ({ name, namespace, port });

/** Under the name that its certificate must have. */
export function urlOf({ service = {} }: Spec, path: string): string {
  const reference = serviceOf(service);
  return `https://${serviceHost(reference)}:${reference.port}${path}`;
}

/** How an API server believes its front proxy who asks. */
export function identityHeaders({
  name,
  uid,
  groups,
  extra = {},
}: UserInfo): Record<string, string | readonly string[]> {
  const extras = Object.entries(extra).map(([key, values]) => [`x-remote-extra-${escapedKey(key)}`, values] as const);
  return {
    'x-remote-user': name,
    ...(uid && { 'x-remote-uid': uid }),
    ...(groups.length > 0 && { 'x-remote-group': groups }),
    ...Object.fromEntries(extras),
  };
}

/** Names of headers hold letters, digits and few marks: all else is percent-encoded, and so is the percent sign. */
const escapedKey = (key: string): string =>
  key.toLowerCase().replace(/[^a-z0-9!#$&'*+.^_`|~-]/g, (mark) => encodeURIComponent(mark));

/** A request to it, whoever is to vouch for it. @throws Unreachable */
export async function requestTo(
  remote: Remote,
  { spec }: APIService,
  { path, ...request }: Omit<OutgoingRequest, 'url' | 'address'> & { readonly path: string },
): Promise<OutgoingRequest> {
  const address = await remote.locate(serviceOf(spec.service ?? {}));
  const caBundle = textOf(bytesOfBase64(spec.caBundle ?? '') ?? new Uint8Array());
  return {
    ...request,
    url: urlOf(spec, path),
    address,
    asProxy: true,
    ...(spec.insecureSkipTLSVerify && { insecure: true }),
    ...(caBundle && { caBundle }),
  };
}
