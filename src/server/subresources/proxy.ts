// proxy: hands a request on to what listens at a pod, behind a service, or to a node's kubelet, and its answer back.

import { parseIp } from '../../base/ip.ts';
import type { Kind } from '../../api/kind.ts';
import { ApiError, badRequest, internalError, notFound } from '../../api/status.ts';
import { Endpoints } from '../../kinds/core/endpoints.ts';
import { Pod } from '../../kinds/core/pod.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { EndpointAddress } from '../../kinds/generated/types/core-v1.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { ProxyAnswer, ProxyRequest } from '../kubelets.ts';
import type { Server } from '../server.ts';
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
  if (port !== '' && port !== kubeletPort) throw unreachable(`dial tcp ${name}:${port}: connect: connection refused`);
  if (isBare(target, exchange)) return redirect(exchange);
  return answered(() => kubeletsOf(server).askNode(name, requestOf(exchange, target)));
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
  if (isBare(target, exchange)) return redirect(exchange);
  const { signal } = exchange.request;
  return answered(() => kubeletsOf(server).ask(address, port, requestOf(exchange, target), signal));
}

const mirrorOf = async (server: Server, kind: Kind) => (await server.caches.of(kind)).mirror;

function kubeletsOf({ kubelets }: Server) {
  if (kubelets) return kubelets;
  throw unreachable('no node can be reached');
}

async function answered(ask: () => Promise<ProxyAnswer>): Promise<Result> {
  const { status, headers, body } = await ask().catch((error: unknown) => {
    throw error instanceof ApiError ? error : unreachable((error as Error).message);
  });
  return { type: 'raw', code: status, headers, bytes: body };
}

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
const unreachable = (why: string) => unavailable(`error trying to reach service: ${why}`);

/** The root of what is behind the proxy ends in a slash, so that links from it work. */
const isBare = ({ rest }: ResourceTarget, { request }: Exchange): boolean =>
  rest === '' && !request.path.endsWith('/') && (request.method === 'GET' || request.method === 'HEAD');

function redirect({ request }: Exchange): Result {
  const query = request.query.toString();
  const location = `${request.path}/${query && `?${query}`}`;
  return { type: 'raw', code: 301, headers: { location }, bytes: new Uint8Array() };
}

/** What is about this one connection, or for this server alone, is not handed on. */
const ownHeaders = new Set(['host', 'authorization', 'connection', 'upgrade', 'te', 'trailer', 'transfer-encoding']);

function requestOf({ request, user }: Exchange, target: ResourceTarget): ProxyRequest {
  const { method, path, query, headers, body } = request;
  if (body && !(body instanceof Uint8Array)) throw internalError('a proxied request has a body of bytes');
  const marker = '/proxy';
  const at = path.indexOf(marker, path.indexOf(`/${target.name}/`));
  const rest = decodeURI(path.slice(at + marker.length)) === '' ? '/' : path.slice(at + marker.length);
  const asked = query.toString();
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !ownHeaders.has(name));
  return {
    method,
    path: `${rest}${asked && `?${asked}`}`,
    headers: { ...Object.fromEntries(kept), 'x-forwarded-uri': path, 'x-remote-user': user.name },
    body: body ?? new Uint8Array(),
  };
}
