// proxy: hands a request on to what listens at a pod, behind a service, or to a node's kubelet, and its answer back.

import { connectionHeaders } from '../outgoing/connection-headers.ts';
import type { ByteDuplex } from '../../base/byte-pipe.ts';
import { decoded } from '../../base/go-url.ts';
import { parseIp } from '../../base/ip.ts';
import type { Kind } from '../../api/kind.ts';
import { ApiError, badRequest, internalError, notFound } from '../../api/status.ts';
import { Endpoints } from '../../kinds/core/endpoints.ts';
import { Pod } from '../../kinds/core/pod.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { EndpointAddress } from '../../kinds/generated/types/core-v1.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { ProxyAnswer, ProxyRequest } from '../kubelets.ts';
import { addressText } from '../outgoing/outgoing.ts';
import { passedBack } from '../proxying/answer.ts';
import type { Passage } from '../proxying/links.ts';
import type { Server } from '../server.ts';
import { joined } from '../streaming/join.ts';
import { wantsUpgrade } from '../streaming/negotiate.ts';
import type { Result } from '../verbs/result.ts';
import { requireHost } from './hosts.ts';

interface Place {
  readonly address: string;
  readonly port: number;
}

export const podProxy = (server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> =>
  handOn(server, exchange, target, async () => {
    const { name, port } = partsOf(target, 'pod');
    const pod = (await mirrorOf(server, target.served.kind)).get(name, target.namespace) as Pod | undefined;
    if (!pod) throw notFound(target, name);
    const address = pod.status?.podIP ?? '';
    if (!isProxyable(address)) throw badRequest('address not allowed');
    const first = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
    return { address, port: port === '' ? (first ?? 80) : Number(port) };
  });

/** To one of a service's endpoints, by `name`, `name:port` or `scheme:name:port`. */
export const serviceProxy = (server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> =>
  handOn(server, exchange, target, async () => {
    const { name, port } = partsOf(target, 'service');
    const service = (await mirrorOf(server, target.served.kind)).get(name, target.namespace) as Service | undefined;
    if (!service) throw notFound(target, name);
    const wanted = portName(service, name, port);
    const endpoints = (await mirrorOf(server, Endpoints as unknown as Kind)).get(name, target.namespace) as
      | Endpoints
      | undefined;
    // Without endpoints a service counts as not there.
    if (!endpoints) throw notFound(target, name);
    const nobody = (whom: string) => unavailable(`no endpoints available for service ${JSON.stringify(whom)}`);
    if (!endpoints.subsets?.length) throw nobody(name);
    const pods = await mirrorOf(server, Pod as unknown as Kind);
    const isPodsOwn = ({ ip, targetRef }: EndpointAddress): boolean => {
      const pod = targetRef && (pods.get(targetRef.name ?? '', target.namespace) as Pod | undefined);
      return targetRef?.namespace === target.namespace && (pod?.status?.podIPs ?? []).some((each) => each.ip === ip);
    };
    const places = placesOf(endpoints, wanted, isPodsOwn);
    const place = places[Math.floor(server.random.next() * places.length)];
    if (!place) throw nobody(target.name);
    return place;
  });

export async function nodeProxy(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const { name, port } = partsOf(target, 'node');
  const node = (await mirrorOf(server, target.served.kind)).get(name);
  if (!node) throw notFound(target, name);
  await requireHost(server, target, name);
  return passOn(server, exchange, target, {
    backend: `${name}:${port || kubeletPort}`,
    ask(request) {
      if (port === '' || port === kubeletPort) return kubeletsOf(server).askNode(name, request);
      return Promise.reject(new Error(`dial tcp ${name}:${port}: connect: connection refused`));
    },
  });
}

/** Addresses of the machine itself, and of its neighbours on the wire, are nobody's business. */
const isProxyable = (address: string): boolean =>
  parseIp(address) !== undefined && !/^(127\.|169\.254\.|224\.0\.0\.|::1$|fe[89ab]|ff0?[12])/i.test(address);

/** Where kubelets listen. */
const kubeletPort = '10250';

async function handOn(
  server: Server,
  exchange: Exchange,
  target: ResourceTarget,
  find: () => Promise<Place>,
): Promise<Result> {
  const { address, port } = await find();
  return passOn(server, exchange, target, {
    backend: addressText({ host: address, port }),
    ask: (request) => kubeletsOf(server).ask(address, port, request, exchange.request.signal),
  });
}

const mirrorOf = async (server: Server, kind: Kind) => (await server.caches.of(kind)).mirror;

function kubeletsOf({ kubelets }: Server) {
  if (kubelets) return kubelets;
  throw new Error('no node can be reached');
}

/** Who is behind a proxy. `ask` rejects with an Error saying why nobody answers. */
interface Backend {
  /** With the port. */
  readonly backend: string;
  ask(request: ProxyRequest): Promise<ProxyAnswer>;
}

async function passOn(
  server: Server,
  exchange: Exchange,
  target: ResourceTarget,
  { backend, ask }: Backend,
): Promise<Result> {
  const { headers } = exchange.request;
  const way = wayOf(exchange, target);
  if (wantsUpgrade(headers)) return becoming(server, () => ask(upgradeRequest(exchange, way)));
  if (isBare(target, exchange)) return redirect(exchange);
  const passage: Passage = { prefix: decoded(way.prefix) ?? way.prefix, backend, host: headers.host ?? '' };
  const answer = await unlessRefused(
    () => ask(requestOf(exchange, way)),
    (why) => unavailable(`error trying to reach service: ${why}`),
  );
  return raw(await passedBack(answer, passage));
}

/** The connection becomes what is agreed on behind the proxy; a refusal is handed back, and nothing else will do. */
async function becoming(server: Server, ask: () => Promise<ProxyAnswer>): Promise<Result> {
  let agreed: ByteDuplex | undefined;
  // Too many connections are refused before another is made.
  const upgrade = server.gate({ serve: async (client) => agreed && joined(client, agreed) });
  const answer = await unlessRefused(ask, (why) => new ApiError(500, '', `error dialing backend: ${why}`));
  const { status, headers, connection } = answer;
  agreed = connection;
  if (agreed) return { type: 'upgrade', headers, upgrade };
  if (status < 400) throw new ApiError(500, '', `invalid upgrade response: status code ${status}`);
  return raw(answer);
}

async function unlessRefused(
  ask: () => Promise<ProxyAnswer>,
  refused: (why: string) => ApiError,
): Promise<ProxyAnswer> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof ApiError ? error : refused((error as Error).message);
  }
}

const raw = ({ status, headers, body }: ProxyAnswer): Result => ({ type: 'raw', code: status, headers, bytes: body });

/** `name`, `name:port` or `scheme:name:port`. */
function partsOf({ name: whole }: ResourceTarget, what: string): { readonly name: string; readonly port: string } {
  const parts = whole.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme ?? ''))
    throw badRequest(`invalid ${what} request ${JSON.stringify(whole)}`);
  return { name, port: port ?? '' };
}

/** A port may be given by its number; endpoints know its name. */
function portName(service: Service, name: string, port: string): string {
  if (!/^\d+$/.test(port)) return port;
  const found = (service.spec.ports ?? []).find((each) => each.port === Number(port));
  if (!found) throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  return found.name ?? '';
}

/** Only addresses of pods are proxied to; whoever writes endpoints by hand could otherwise reach anything. */
const placesOf = (
  { subsets = [] }: Endpoints,
  wanted: string,
  isPodsOwn: (address: EndpointAddress) => boolean,
): Place[] =>
  subsets.flatMap(({ addresses = [], ports = [] }) => {
    const port = ports.find(({ name = '' }) => name === wanted)?.port;
    return port === undefined ? [] : addresses.filter(isPodsOwn).map(({ ip }) => ({ address: ip, port }));
  });

const unavailable = (message: string) => new ApiError(503, 'ServiceUnavailable', message);

/** The root of what is behind the proxy ends in a slash, so that links from it work. */
const isBare = ({ rest }: ResourceTarget, { request }: Exchange): boolean =>
  rest === '' && !request.path.endsWith('/') && (request.method === 'GET' || request.method === 'HEAD');

function redirect({ request }: Exchange): Result {
  const query = request.query.toString();
  const location = `${request.path}/${query && `?${query}`}`;
  return { type: 'raw', code: 301, headers: { location }, bytes: new Uint8Array() };
}

interface Way {
  /** Up to the proxy, still escaped. */
  readonly prefix: string;
  /** What is behind it, still escaped: begins with a slash. */
  readonly rest: string;
}

function wayOf({ request: { path } }: Exchange, { name }: ResourceTarget): Way {
  const marker = '/proxy';
  const end = path.indexOf(marker, path.indexOf(`/${name}/`)) + marker.length;
  return { prefix: path.slice(0, end), rest: path.slice(end) || '/' };
}

function requestOf({ request }: Exchange, { rest }: Way): ProxyRequest {
  const { method, path, query, headers, body } = request;
  if (body && !(body instanceof Uint8Array)) throw internalError('a proxied request has a body of bytes');
  const asked = query.toString();
  const passed = headersWithout(headers, (name) => connectionHeaders.includes(name));
  return {
    method,
    path: `${rest}${asked && `?${asked}`}`,
    headers: { ...passed, 'x-forwarded-uri': path },
    body: body ?? new Uint8Array(),
  };
}

/** All that its client said but the query, which upstream loses. */
const upgradeRequest = ({ request: { method, headers } }: Exchange, { rest }: Way): ProxyRequest => ({
  method,
  path: rest,
  headers: headersWithout(headers, () => false),
  body: new Uint8Array(),
});

/** What is for this server alone goes no further. */
const headersWithout = (
  headers: ProxyRequest['headers'],
  isLeftOut: (name: string) => boolean,
): ProxyRequest['headers'] =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(':') && name !== 'authorization' && !isLeftOut(name)),
  );
