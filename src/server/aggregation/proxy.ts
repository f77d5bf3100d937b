// Requests for group versions that another API server answers for: passed on under the name of who asks, answers passed back as they come.

import { connectionHeaders } from '../outgoing/connection-headers.ts';
import { addressText, discard, type OutgoingAnswer, Unreachable } from '../outgoing/outgoing.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../../api/request.ts';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { Exchange } from '../exchange.ts';
import type { Remote } from '../outgoing/remote.ts';
import { text } from '../paths.ts';
import { isTrue } from '../resolve.ts';
import { isAvailable } from './availability.ts';
import { inObjects } from './in-objects.ts';
import { identityHeaders, requestTo } from './remote-service.ts';

/** How long it may take to answer, in milliseconds. Watches go on. */
const answerWithin = 60_000;

const unavailable = (): ApiResponse => text(503, 'service unavailable\n');

export async function passOn(remote: Remote, api: APIService, exchange: Exchange): Promise<ApiResponse> {
  const response = await passedOn(remote, api, exchange);
  return exchange.request.inProcess ? inObjects(response, exchange.request) : response;
}

async function passedOn(remote: Remote, api: APIService, { request, user }: Exchange): Promise<ApiResponse> {
  if (!isAvailable(api)) return unavailable();
  const outgoing = await requestTo(remote, api, {
    method: request.method,
    path: pathOf(request),
    headers: headersFor(request, user),
    ...bodyOf(request),
    ...(isLong(request) ? {} : { timeout: answerWithin }),
    ...(isUpgrade(request) && { upgrade: true }),
    signal: request.signal,
  }).catch(unlessUnreachable(unavailable));
  if ('status' in outgoing) return outgoing;
  const headers = { host: outgoing.address ? addressText(outgoing.address) : '', ...outgoing.headers };
  const sent = { ...outgoing, headers };
  // In-process callers are what elsewhere has Kubernetes' client, and as patient.
  const answer = await (request.inProcess ? remote.sendPatiently(sent) : remote.send(sent)).catch(
    unlessUnreachable((why) => text(503, `error trying to reach service: ${why}\n`)),
  );
  if (!isAnswer(answer)) return answer;
  return answer.connection ? joined(answer, answer.connection) : passedBack(answer);
}

const isUpgrade = ({ headers }: ApiRequest): boolean =>
  headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');

/** Both connections become one, until either ends. What is said on it is theirs. */
const joined = ({ headers }: OutgoingAnswer, remote: NonNullable<OutgoingAnswer['connection']>): ApiResponse => ({
  status: 101,
  headers,
  body: {
    type: 'upgrade',
    upgrade: {
      serve: (client) =>
        new Promise<void>((resolve) => {
          client.receive(remote.send, resolve);
          remote.receive(client.send, resolve);
        }).then(remote.close),
    },
  },
});

const isAnswer = (answer: OutgoingAnswer | ApiResponse): answer is OutgoingAnswer => 'subscribe' in answer.body;

const unlessUnreachable =
  (answer: (why: string) => ApiResponse) =>
  (error: unknown): ApiResponse => {
    if (error instanceof Unreachable) return answer(error.message);
    throw error;
  };

function pathOf({ path, query }: ApiRequest): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

function isLong(request: ApiRequest): boolean {
  const { path, query } = request;
  return (
    isUpgrade(request) ||
    isTrue(query.get('watch')) ||
    isTrue(query.get('follow')) ||
    /^\/apis\/[^/]+\/[^/]+\/watch\//.test(path)
  );
}

function bodyOf({ body }: ApiRequest): { body?: Uint8Array } {
  if (body === undefined) return {};
  return { body: body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body)) };
}

/** What is between two neighbours only, and what is for us to say. */
const ownHeaders = new Set([...connectionHeaders, 'authorization', 'content-length', 'host']);

const isPassedOn = (name: string): boolean =>
  !ownHeaders.has(name) && !name.startsWith(':') && !name.startsWith('x-remote-') && !name.startsWith('impersonate-');

function headersFor(request: ApiRequest, user: UserInfo): Record<string, string | readonly string[]> {
  const { headers, path } = request;
  const passed = Object.entries(headers).filter(([name]) => isPassedOn(name));
  const upgrade = isUpgrade(request) ? { connection: 'Upgrade', upgrade: headers.upgrade ?? '' } : {};
  return {
    ...Object.fromEntries(passed),
    ...(request.inProcess && { accept: 'application/json' }),
    ...upgrade,
    ...identityHeaders(user),
    'x-forwarded-uri': path,
  };
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400 && status !== 304;

/** The answer as it comes. Nobody is sent elsewhere. */
function passedBack(answer: OutgoingAnswer): ApiResponse {
  const { status, headers, body } = answer;
  if (isRedirect(status)) {
    discard(answer);
    return text(502, 'the backend attempted to redirect this request, which is not permitted\n');
  }
  const passed = Object.entries(headers).filter(([name]) => isPassedOn(name) && !name.startsWith('access-control-'));
  return { status, headers: Object.fromEntries(passed), body: { type: 'stream', chunks: body } };
}
