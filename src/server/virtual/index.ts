// Kinds whose objects are never stored: a question comes in, its answer goes out. Each line names the kind and what answers.

import { type Kind, resourceKey } from '../../api/kind.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import type { Result } from '../verbs/result.ts';

export type VirtualHandler = (server: Server, exchange: Exchange, target: ResourceTarget) => Promise<Result>;

const handlers: Readonly<Record<string, VirtualHandler>> = {};

export const virtualHandler = (kind: Kind): VirtualHandler | undefined => handlers[resourceKey(kind)];
