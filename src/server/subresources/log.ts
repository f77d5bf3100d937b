// pods/log: what a container has written, from the node it runs on.

import { concat } from '../../base/bytes.ts';
import { parseTime } from '../../base/time.ts';
import { type Issue, invalid, invalidObject } from '../../api/issues.ts';
import type { WatchSource } from '../../api/request.ts';
import { badRequest, internalError, notFound } from '../../api/status.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { LogOptions } from '../kubelets.ts';
import { wholeNumber } from '../options.ts';
import { isTrue } from '../resolve.ts';
import type { Server } from '../server.ts';
import type { Result } from '../verbs/result.ts';
import { containerOf, requireHost } from './hosts.ts';

const contentType = 'text/plain';

export async function log(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const options = logOptions(exchange.request.query, target.name);
  const pod = (await server.caches.of(target.served.kind)).mirror.get(target.name, target.namespace) as Pod | undefined;
  if (!pod) throw notFound(target, target.name);
  const container = containerOf(pod, options.container);
  if (!pod.spec.nodeName) return { type: 'raw', code: 204, bytes: new Uint8Array() };
  await requireHost(server, target, pod.spec.nodeName);
  if (!server.kubelets)
    throw internalError(`Get log of ${target.namespace}/${target.name}: node ${pod.spec.nodeName} cannot be reached`);
  const chunks = server.kubelets.logs(target.namespace, target.name, { ...options, container });
  return options.follow
    ? { type: 'chunks', contentType, chunks }
    : { type: 'raw', code: 200, contentType, bytes: collected(chunks) };
}

/** The chunks of a source that ends by itself. */
function collected(source: WatchSource<Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  source.subscribe(
    (chunks) => void parts.push(...chunks),
    () => {},
  );
  return concat(...parts);
}

function logOptions(query: URLSearchParams, pod: string): LogOptions {
  const number = (name: string) => (query.has(name) ? { [name]: wholeNumber(query.get(name) ?? '') } : {});
  const flag = (name: string) => (isTrue(query.get(name)) ? { [name]: true } : {});
  const container = query.get('container');
  const sinceTime = query.get('sinceTime');
  const since = sinceTime === null ? undefined : parseTime(sinceTime);
  if (sinceTime !== null && since === undefined) {
    throw badRequest(
      `parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(sinceTime)} as "2006"`,
    );
  }
  const options: LogOptions = {
    ...(container && { container }),
    ...flag('previous'),
    ...flag('follow'),
    ...flag('timestamps'),
    ...number('tailLines'),
    ...number('limitBytes'),
    ...number('sinceSeconds'),
    ...(since !== undefined && { sinceTime: since }),
  };
  const issues = logIssues(options, query.has('stream'));
  if (issues.length > 0) throw invalidObject('PodLogOptions', '', pod, issues);
  return options;
}

function logIssues({ tailLines, limitBytes, sinceSeconds, sinceTime }: LogOptions, stream: boolean): Issue[] {
  return [
    ...(stream ? [{ type: 'forbidden' as const, field: 'stream', message: 'Forbidden: may not be specified' }] : []),
    ...(tailLines !== undefined && tailLines < 0
      ? [invalid('tailLines', tailLines, 'must be greater than or equal to 0')]
      : []),
    ...(limitBytes !== undefined && limitBytes < 1
      ? [invalid('limitBytes', limitBytes, 'must be greater than 0')]
      : []),
    ...(sinceSeconds !== undefined && sinceTime !== undefined
      ? [
          {
            type: 'forbidden' as const,
            field: '[]',
            message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
          },
        ]
      : []),
    ...(sinceSeconds !== undefined && sinceSeconds < 1
      ? [invalid('sinceSeconds', sinceSeconds, 'must be greater than 0')]
      : []),
  ];
}
