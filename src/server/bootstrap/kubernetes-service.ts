// How pods find the API server: the Service `kubernetes`, with the server's address behind it, and the range such addresses come from.

import { formatTime } from '../../base/time.ts';
import type { Client } from '../../client/client.ts';
import { Endpoints } from '../../kinds/core/endpoints.ts';
import { Service } from '../../kinds/core/service.ts';
import { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import { ServiceCIDR } from '../../kinds/networking/service-cidr.ts';
import { ensure } from './ensure.ts';
import type { BootstrapFacts } from './step.ts';

const name = 'kubernetes';
const namespace = 'default';
const portName = 'https';
/** Where clients inside the cluster connect. */
const servicePort = 443;
/**
 * Endpoints may not be loopback addresses. A server that listens only there is known in the cluster by an address kept for
 * documentation (RFC 5737), which leads nowhere outside it.
 */
const addressWithin = '192.0.2.1';

export async function kubernetesService(client: Client, facts: BootstrapFacts): Promise<void> {
  await ensure(client, {
    kind: ServiceCIDR,
    objects: [serviceCidr(facts)],
    repair: withSecondFamily,
    status: (made) => ready(made, facts),
  });
  await ensure(client, { kind: Service, objects: [service(facts)] });
  const address = isLoopback(facts.host) ? addressWithin : facts.host;
  await Promise.all([
    ensure(client, {
      kind: Endpoints,
      objects: [endpoints(address, facts.port)],
      repair: (existing, wanted) => ({ ...existing, subsets: wanted.subsets ?? [] }),
    }),
    ensure(client, {
      kind: EndpointSlice,
      objects: [slice(address, facts.port)],
      repair: (existing, wanted) => ({ ...existing, endpoints: wanted.endpoints, ports: wanted.ports ?? [] }),
    }),
  ]);
}

const isLoopback = (host: string): boolean => host.startsWith('127.') || host === '::1' || host === 'localhost';

const serviceCidr = ({ serviceCidrs }: BootstrapFacts): ServiceCIDR => ({
  metadata: { name },
  spec: { cidrs: [...serviceCidrs] },
});

/** A cluster of one family may become one of two; ranges are never changed. */
function withSecondFamily(existing: ServiceCIDR, wanted: ServiceCIDR): ServiceCIDR | undefined {
  const [before = [], now = []] = [existing.spec?.cidrs, wanted.spec?.cidrs];
  return before.length === 1 && now.length === 2 && before[0] === now[0]
    ? { ...existing, spec: { cidrs: now } }
    : undefined;
}

function ready(made: ServiceCIDR, { now }: BootstrapFacts): ServiceCIDR {
  const condition = {
    type: 'Ready',
    status: 'True' as const,
    lastTransitionTime: formatTime(now()),
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
  };
  return { ...made, status: { conditions: [condition] } };
}

const service = ({ serviceAddress, port }: BootstrapFacts): Service => ({
  metadata: { name, namespace, labels: { component: 'apiserver', provider: name } },
  spec: {
    clusterIP: serviceAddress,
    clusterIPs: [serviceAddress],
    ports: [{ name: portName, port: servicePort, protocol: 'TCP', targetPort: port }],
    sessionAffinity: 'None',
    type: 'ClusterIP',
  },
});

const endpoints = (ip: string, port: number): Endpoints => ({
  metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
  subsets: [{ addresses: [{ ip }], ports: [{ name: portName, port, protocol: 'TCP' }] }],
});

const slice = (address: string, port: number): EndpointSlice => ({
  metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
  addressType: address.includes(':') ? 'IPv6' : 'IPv4',
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
  ports: [{ name: portName, port, protocol: 'TCP' }],
});
