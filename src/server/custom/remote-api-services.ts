// API services that another server is to answer for: whether it could be reached, and what their paths say while it cannot.

import type { ApiResponse } from '../../api/request.ts';
import { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { Service } from '../../kinds/core/service.ts';
import { text } from '../paths.ts';
import type { Server } from '../server.ts';

interface Availability {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const defaultPort = 443;

/** Requests are not passed on to other servers, so none is ever found available. */
export function planAvailability({ spec }: APIService, service: Service | undefined): Availability | undefined {
  if (!spec.service) return undefined;
  const { name = '', namespace = '', port = defaultPort } = spec.service;
  const quoted = JSON.stringify(namespace);
  const because = (reason: string, message: string): Availability => ({ status: 'False', reason, message });
  if (!service) return because('ServiceNotFound', `service/${name} in ${quoted} is not present`);
  if (!(service.spec.ports ?? []).some((each) => each.port === port)) {
    return because('ServicePortError', `service/${name} in ${quoted} is not listening on port ${port}`);
  }
  return because(
    'FailedDiscoveryCheck',
    `failing or missing response from service/${name} in ${quoted}: requests are not passed on to other servers`,
  );
}

/** The answer for paths of a group version that another server should serve; undefined for all others. */
export async function unavailable(server: Server, path: string): Promise<ApiResponse | undefined> {
  const [group, version] = path.slice('/apis/'.length).split('/');
  if (!group || !version) return undefined;
  const services = await server.admissionWorld.mirror(APIService);
  return services.get(`${version}.${group}`)?.spec.service ? text(503, 'service unavailable\n') : undefined;
}
