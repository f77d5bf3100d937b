// A server for tests of access: roles, the node authorizer, tokens signed by a toy key, and the default policy on request.

import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { instantOfDate } from '../base/time.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import { enabledGates, type GateSettings } from '../api/feature-gates.ts';
import type { ApiRequest, UserInfo } from '../api/request.ts';
import type { Status } from '../api/status.ts';
import { createClient } from '../client/transport-client.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import { undescribed } from '../kinds/descriptions.ts';
import type { RuntimeConfig } from '../kinds/runtime-config.ts';
import { memoryStore } from '../store/memory-store.ts';
import { systemMasters } from './authorize.ts';
import { createServer } from './create-server.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import { rbac } from './rbac.ts';
import { toyKeys } from './tokens/toy-keys.ts';

export interface Answer {
  readonly code: number;
  readonly message: string;
  readonly body: Record<string, unknown>;
  readonly warnings: readonly string[];
}

export async function accessServer(featureGates: GateSettings = {}, runtimeConfig: RuntimeConfig = {}) {
  const clock = virtualClock(instantOfDate({ year: 2026, month: 1, day: 1 }));
  const store = memoryStore({ clock });
  const running = createServer({
    store,
    clock,
    random: seededRandom(1),
    log: silentLog,
    authenticators: [],
    authorizers: (server) => [systemMasters, nodeAuthorizer(server, enabledGates(featureGates)), rbac(server)],
    describe: undescribed,
    healthChecks: [],
    keys: toyKeys,
    featureGates,
    runtimeConfig,
  });
  const admin = { name: 'admin', groups: ['system:masters'] };
  const client = createClient({ transport: running.transport, user: admin, agent: 'test' });
  await client.create(Namespace, { metadata: { name: 'default' }, spec: {} });

  /** Asks as somebody: a user, or whoever the headers name. */
  async function ask(
    method: string,
    path: string,
    { as, headers = {}, body: sent }: { as?: UserInfo; headers?: Record<string, string>; body?: object } = {},
  ): Promise<Answer> {
    const [plain = '', query = ''] = path.split('?');
    const request: ApiRequest = {
      method,
      path: plain,
      query: new URLSearchParams(query),
      headers,
      ...(sent && { body: sent }),
      ...(as && { user: as }),
      inProcess: true,
      signal: new AbortController().signal,
    };
    const response = await running.transport.call(request);
    const object = (response.body.type === 'object' ? response.body.object : {}) as Status;
    const warnings = [response.headers.warning ?? []].flat();
    const body = object as unknown as Record<string, unknown>;
    return { code: response.status, message: object.message ?? '', body, warnings };
  }

  return { clock, store, server: running.server, client, admin, ask, close: running.close };
}
