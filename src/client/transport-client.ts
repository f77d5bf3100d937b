// The client over any transport: makes requests of calls, and results or ApiErrors of answers.

import { apiVersionOf, type Kind, spokenVersion } from '../api/kind.ts';
import type { KubeObject, Reference } from '../api/object.ts';
import { concat, textOf } from '../base/bytes.ts';
import { refusalOf } from '../api/refusal.ts';
import type {
  ApiRequest,
  ApiResponse,
  ResponseBody,
  Transport,
  UserInfo,
  WatchEvent,
  WatchSource,
} from '../api/request.ts';
import { ApiError, type Status } from '../api/status.ts';
import type { Client, DeleteOptions, List, ListOptions, PatchOptions } from './client.ts';

export interface ClientOptions {
  readonly transport: Transport;
  /** Who asks, for in-process transports. */
  readonly user?: UserInfo;
  /** The User-Agent: names the manager in managedFields. */
  readonly agent: string;
}

const patchTypes: Readonly<Record<NonNullable<PatchOptions['type']>, string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

const never = new AbortController().signal;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

export function createClient({ transport, user, agent }: ClientOptions): Client {
  function call({ method, path, query, body, contentType, signal = never }: Call): Promise<ApiResponse> {
    const request: ApiRequest = {
      method,
      path,
      query: queryOf(query),
      headers: { 'user-agent': agent, ...(body && { 'content-type': contentType ?? 'application/json' }) },
      ...(body && { body }),
      ...(user && { user }),
      inProcess: true,
      signal,
    };
    return transport.call(request);
  }

  async function send(asked: Call): Promise<ApiResponse> {
    const response = await call(asked);
    return response.status >= 400 ? refuse(response) : response;
  }

  const object = async <T>(call: Call): Promise<T> => {
    const { body } = await send(call);
    if (body.type !== 'object')
      throw new Error(`${call.method} ${call.path} answered with ${body.type}, an object was expected`);
    return body.object as T;
  };

  const client: Client = {
    get: (kind, name, namespace = '') => object({ method: 'GET', path: pathOf(kind, namespace, name) }),
    async find(kind, name, namespace = '') {
      try {
        return await client.get(kind, name, namespace);
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) return undefined;
        throw error;
      }
    },
    list: <T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}) =>
      object<List<T>>({ method: 'GET', path: pathOf(kind, options.namespace ?? ''), query: listQuery(options) }),
    async watch<T extends KubeObject>(kind: Kind<T>, options: Parameters<Client['watch']>[1] = {}) {
      const query = {
        ...listQuery(options),
        watch: 'true',
        ...(options.allowBookmarks && { allowWatchBookmarks: 'true' }),
        ...(options.sendInitialEvents && { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }),
      };
      const { body } = await send({
        method: 'GET',
        path: pathOf(kind, options.namespace ?? ''),
        query,
        signal: options.signal,
      });
      if (body.type !== 'events') throw new Error(`the watch of ${kind.plural} answered with ${body.type}`);
      return body.events as WatchSource<WatchEvent<T>>;
    },
    create: (kind, body) =>
      object({ method: 'POST', path: pathOf(kind, body.metadata.namespace ?? ''), body: typed(kind, body) }),
    update: (kind, body) => object({ method: 'PUT', path: objectPath(kind, body), body: typed(kind, body) }),
    updateStatus: (kind, body) =>
      object({ method: 'PUT', path: `${objectPath(kind, body)}/status`, body: typed(kind, body) }),
    patch: (kind, target, body, options = {}) =>
      object({
        method: 'PATCH',
        path: `${pathOf(kind, target.namespace, target.name)}${options.subresource ? `/${options.subresource}` : ''}`,
        query: { fieldManager: options.fieldManager, force: options.force ? 'true' : undefined },
        body,
        contentType: patchTypes[options.type ?? 'merge'],
      }),
    async delete(kind, target, options) {
      try {
        await object({
          method: 'DELETE',
          path: pathOf(kind, target.namespace, target.name),
          ...(options && { body: deleteBody(options) }),
        });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 404) throw error;
      }
    },
    async deleteCollection(kind, namespace, options) {
      await send({
        method: 'DELETE',
        path: pathOf(kind, namespace),
        ...(options && { body: deleteBody(options) }),
      });
    },
    sub: (kind, target, subresource, body, method = 'POST') =>
      object({ method, path: `${pathOf(kind, target.namespace, target.name)}/${subresource}`, body }),
    async read(path, { query, asked } = {}) {
      const response = await call({ method: 'GET', path, ...(query && { query }) });
      const content = await contentOf(response.body);
      if (typeof content !== 'string') return response.status >= 400 ? refuse(response) : content;
      if (response.status >= 400) throw refusalOf(response.status, content, asked && `get ${asked}`);
      return JSON.parse(content) as object;
    },
    as: (name) => createClient({ transport, ...(user && { user }), agent: name }),
  };
  return client;
}

const deleteBody = (options: DeleteOptions): object => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...options });

/** Objects of mirrors and lists may lack apiVersion and kind. */
const typed = (kind: Kind<never> | Kind, body: KubeObject): KubeObject => ({
  ...body,
  apiVersion: apiVersionOf({ group: kind.group, version: spokenVersion(kind) }),
  kind: kind.kind,
});

function refuse(response: ApiResponse): never {
  const { body } = response;
  const status = (body.type === 'object' ? body.object : {}) as Status;
  throw new ApiError(
    status.code ?? response.status,
    status.reason ?? '',
    status.message ?? `status ${response.status}`,
    status.details,
  );
}

/** The object, or the text where an answer came as bytes. */
async function contentOf(body: ResponseBody): Promise<object | string> {
  if (body.type === 'object') return body.object;
  if (body.type === 'bytes') return textOf(body.bytes);
  if (body.type === 'stream') return textOf(await allOf(body.chunks));
  throw new Error(`an object was expected, the answer is ${body.type}`);
}

const allOf = (chunks: WatchSource<Uint8Array>): Promise<Uint8Array> =>
  new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    chunks.subscribe(
      (pieces) => void parts.push(...pieces),
      () => resolve(concat(...parts)),
    );
  });

export function pathOf<T extends KubeObject>(kind: Kind<T>, namespace: string, name = ''): string {
  const version = spokenVersion(kind);
  const root = kind.group ? `/apis/${kind.group}/${version}` : `/api/${version}`;
  const within = kind.scope === 'Namespaced' && namespace ? `/namespaces/${namespace}` : '';
  return `${root}${within}/${kind.plural}${name ? `/${name}` : ''}`;
}

const objectPath = <T extends KubeObject>(kind: Kind<T>, object: Partial<Reference> & KubeObject): string =>
  pathOf(kind, object.metadata.namespace ?? '', object.metadata.name ?? '');

function listQuery(options: ListOptions): Record<string, string | undefined> {
  const { labelSelector, fieldSelector, limit, continue: token, resourceVersion } = options;
  return {
    labelSelector,
    fieldSelector,
    limit: limit === undefined ? undefined : String(limit),
    continue: token,
    resourceVersion,
  };
}

const noQuery = new URLSearchParams();

function queryOf(query: Call['query']): URLSearchParams {
  const entries = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? noQuery : new URLSearchParams(entries);
}
