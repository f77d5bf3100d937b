import { expect, test } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { Mirror } from '../../api/mirror.ts';
import type { KubeObject } from '../../api/object.ts';
import { serviceAddress } from './service-endpoint.ts';

const inA = (name: string, labels?: Record<string, string>) => ({ name, namespace: 'a', ...(labels && { labels }) });
const slice = (ready: boolean, targetRef?: object) => ({
  kind: 'EndpointSlice',
  metadata: inA('s', { 'kubernetes.io/service-name': 'svc' }),
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready }, ...(targetRef && { targetRef }) }],
  ports: [{ name: '', port: 8443 }],
});
const service = (spec: object) => ({ kind: 'Service', metadata: inA('svc'), spec });
const plain = service({ ports: [{ port: 443 }] });

/** Where the service leads, or why nowhere. */
async function found(...objects: object[]): Promise<unknown> {
  const network = {
    random: seededRandom(1),
    simulatesPods: true,
    async mirror(kind: { readonly kind: string }) {
      const mirror = new Mirror<KubeObject>();
      const own = (objects as KubeObject[]).filter((each) => each.kind === kind.kind);
      mirror.change(own.map((object) => ({ object, deleted: false })));
      return mirror;
    },
  };
  return serviceAddress(network as never, { namespace: 'a', name: 'svc', port: 443 }).then(
    ({ host, port }) => `${host}:${port}`,
    (error: Error) => error.message,
  );
}

test('a service leads to a ready address, to whom it names, or says why nowhere', async () => {
  expect(await found()).toBe('service "svc" not found');
  expect(await found(service({ ports: [{ port: 80 }] }))).toBe('no service port 443 found for service "svc"');
  expect(await found(plain)).toBe('no endpoints available for service "svc"');
  expect(await found(plain, slice(false))).toBe('no endpoints available for service "svc"');
  expect(await found(plain, slice(true))).toBe('10.0.0.1:8443');
  expect(await found(service({ type: 'ExternalName', externalName: 'api.test' }))).toBe('api.test:443');
});

test('nobody knocks at the address of a simulated pod: it could be anybody on the network', async () => {
  expect(await found(plain, slice(true, { kind: 'Pod', name: 'p' }))).toBe(
    'dial tcp 10.0.0.1:8443: connect: connection refused',
  );
});

test('endpoints count as they are where nobody makes slices of them', async () => {
  const endpoints = {
    kind: 'Endpoints',
    metadata: inA('svc'),
    subsets: [{ addresses: [{ ip: '10.0.0.2' }], ports: [{ port: 9443 }] }],
  };
  expect(await found(plain, endpoints)).toBe('10.0.0.2:9443');
});
