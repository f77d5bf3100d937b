// exec, attach and port-forward: ways into a pod. What can be refused is refused while the request is still a plain one; then its
// connection becomes a WebSocket or SPDY, and the node takes over.

import type { Upgrade } from '../../api/request.ts';
import { ApiError, badRequest, forbidden, internalError, notFound } from '../../api/status.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Kubelets, RunCommand } from '../kubelets.ts';
import { isTrue } from '../resolve.ts';
import type { Server } from '../server.ts';
import { type Carrier, requireCarrier, spdyProtocol, websocketProtocol } from '../streaming/negotiate.ts';
import {
  channelProtocols,
  type Dial,
  forwardChannels,
  forwardSpdy,
  portForwardProtocol,
  tunnelProtocol,
} from '../streaming/port-forward.ts';
import {
  overSpdy,
  overWebsocket,
  spdyProtocols,
  type Wanted,
  websocketProtocols,
} from '../streaming/remote-command.ts';
import type { Result } from '../verbs/result.ts';
import { containerOf, requireHost } from './hosts.ts';

/** Runs a command in a container, or connects to the program that runs in it. */
export async function remoteCommand(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const { query, headers } = exchange.request;
  const execs = target.subresource === 'exec';
  await requireCreate(server, exchange, target);
  const { pod, container } = await hosted(server, target, query.get('container') ?? undefined);
  const carrier = requireCarrier(headers);
  const wanted = wantedOf(query);
  const request = { container, tty: wanted.tty, ...(execs && { command: query.getAll('command') }) };
  const agreed = agreement(carrier, headers, () => {
    if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
      throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
    return kubeletsOf(server, pod).command(target.namespace, target.name, request);
  });
  const { protocol, run } = agreed;
  const upgrade =
    carrier === 'spdy'
      ? overSpdy(protocol, wanted, run, server.clock)
      : overWebsocket(protocol, wanted, run, server.clock);
  return upgraded(server, upgrade, protocol);
}

/** The protocol to speak, and the node's word on the command. Over the newest protocol a node's refusal is told once the connection stands. */
function agreement(
  carrier: Carrier,
  headers: Readonly<Record<string, string>>,
  ask: () => RunCommand,
): { readonly protocol: string; readonly run: RunCommand } {
  const protocol =
    carrier === 'spdy'
      ? spdyProtocol(headers, spdyProtocols)
      : websocketProtocol(headers, Object.keys(websocketProtocols));
  try {
    return { protocol, run: ask() };
  } catch (error) {
    if (!(error instanceof ApiError) || !protocol.startsWith('v5.')) throw error;
    const late = new ApiError(error.code, error.reason, `unable to upgrade connection: ${error.message}`);
    return { protocol, run: () => Promise.reject(late) };
  }
}

export async function portForward(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const { query, headers } = exchange.request;
  await requireCreate(server, exchange, target);
  const { pod } = await hosted(server, target, undefined);
  const carrier = requireCarrier(headers);
  const kubelets = kubeletsOf(server, pod);
  const dial: Dial = (port) => kubelets.dial(target.namespace, target.name, port);
  if (carrier === 'spdy') {
    const protocol = spdyProtocol(headers, [portForwardProtocol]);
    return upgraded(server, forwardSpdy(dial, server.clock, false), protocol);
  }
  const protocol = websocketProtocol(headers, [tunnelProtocol, ...Object.keys(channelProtocols)]);
  const upgrade =
    protocol === tunnelProtocol
      ? forwardSpdy(dial, server.clock, true)
      : forwardChannels(protocol, portsOf(query), dial);
  return upgraded(server, upgrade, protocol);
}

function upgraded(server: Server, upgrade: Upgrade, protocol: string): Result {
  const spdy = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol };
  return { type: 'upgrade', headers: upgrade.websocket ? {} : spdy, upgrade: server.gate(upgrade) };
}

/** Whoever may only `get` is refused: a WebSocket's handshake is a GET, and runs commands all the same. */
async function requireCreate(server: Server, { user }: Exchange, target: ResourceTarget): Promise<void> {
  if (target.verb === 'create') return;
  const { group, version, resource, namespace, name, subresource } = target;
  const asked = { group, version, resource, namespace, name, subresource };
  const { verdict, reason } = await server.access.decide({ user, verb: 'create', resource: asked });
  if (verdict !== 'allow') throw forbidden(target, name, reason);
}

/** The pod, the container that is meant, and a node that is there. */
async function hosted(
  server: Server,
  target: ResourceTarget,
  wanted: string | undefined,
): Promise<{ readonly pod: Pod; readonly container: string }> {
  const pod = (await server.caches.of(target.served.kind)).mirror.get(target.name, target.namespace) as Pod | undefined;
  if (!pod) throw notFound(target, target.name);
  const container = target.subresource === 'portforward' ? '' : containerOf(pod, wanted);
  const { nodeName } = pod.spec;
  if (!nodeName) throw badRequest(`pod ${target.name} does not have a host assigned`);
  await requireHost(server, target, nodeName);
  return { pod, container };
}

function kubeletsOf({ kubelets }: Server, pod: Pod): Kubelets {
  if (kubelets) return kubelets;
  throw internalError(`error dialing backend: node ${pod.spec.nodeName} cannot be reached`);
}

/** At a terminal there is one output. */
function wantedOf(query: URLSearchParams): Wanted {
  const asked = (name: string) => isTrue(query.get(name));
  const tty = asked('tty');
  return { stdin: asked('stdin'), stdout: asked('stdout'), stderr: asked('stderr') && !tty, tty };
}

function portsOf(query: URLSearchParams): readonly number[] {
  const ports = query
    .getAll('ports')
    .flatMap((each) => each.split(','))
    .map(Number);
  if (ports.length === 0) throw badRequest('query parameter "ports" is required');
  const odd = ports.findIndex((port) => !Number.isInteger(port) || port < 1 || port > 65535);
  if (odd >= 0) throw badRequest(`unable to parse ports: ${query.getAll('ports')[odd]} is not a port`);
  return ports;
}
