// The subresources that work: each line names the resource (or any) and what serves it. The others answer 501.

import { type Kind, resourceKey } from '../../api/kind.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import type { Result } from '../verbs/result.ts';
import { binding } from './binding.ts';
import { portForward, remoteCommand } from './connect.ts';
import { eviction } from './eviction.ts';
import { finalize } from './finalize.ts';
import { log } from './log.ts';
import { nodeProxy, podProxy, serviceProxy } from './proxy.ts';
import { scale } from './scale.ts';
import { status } from './status.ts';
import { token } from './token.ts';

export type SubresourceHandler = (server: Server, exchange: Exchange, target: ResourceTarget) => Promise<Result>;

const handlers: Readonly<Record<string, SubresourceHandler>> = {
  '*/status': status,
  '*/scale': scale,
  'certificatesigningrequests.certificates.k8s.io/approval': status,
  'namespaces/finalize': finalize,
  'nodes/proxy': nodeProxy,
  'pods/attach': remoteCommand,
  'pods/binding': binding,
  'pods/ephemeralcontainers': status,
  'pods/eviction': eviction,
  'pods/exec': remoteCommand,
  'pods/log': log,
  'pods/portforward': portForward,
  'pods/proxy': podProxy,
  'pods/resize': status,
  'serviceaccounts/token': token,
  'services/proxy': serviceProxy,
};

/** Those that lead to something else than an API object: any form of answer will do, and proxies take any method. */
const connections = new Set(['attach', 'exec', 'portforward', 'proxy']);

export const isConnection = (subresource: string): boolean => connections.has(subresource);

export const subresourceHandler = (kind: Kind, name: string): SubresourceHandler | undefined =>
  handlers[`${resourceKey(kind)}/${name}`] ?? handlers[`*/${name}`];
