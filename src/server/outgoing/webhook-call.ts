// A question put to a webhook, and its answer, with every failure in the words of Kubernetes' client.

import { bytesOfBase64, textOf, utf8 } from '../../base/bytes.ts';
import type { WebhookClient } from '../../kinds/webhook-client.ts';
import { type OutgoingRequest, Unreachable, wholeBody } from './outgoing.ts';
import { refusalOf } from '../../api/refusal.ts';
import { type Remote, serviceHost } from './remote.ts';

export interface WebhookClientConfig extends WebhookClient {
  /** PEM in base64. */
  readonly caBundle?: string;
}

export interface WebhookQuestion {
  readonly client: WebhookClientConfig;
  readonly review: object;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/** What a webhook may answer at the most, in bytes. */
const largestAnswer = 16 * 1024 * 1024;
const defaultPort = 443;

/** The webhook's authority cannot be read. Nobody was asked. */
export class UnusableClient extends Error {}

/** The answer, parsed. @throws UnusableClient; ApiError where it is a refusal; another Error that says why there is no answer */
export async function callWebhook(remote: Remote, question: WebhookQuestion): Promise<unknown> {
  const { client, review, timeoutSeconds, signal } = question;
  const caBundle = bundleOf(client);
  const url = urlOf(client, timeoutSeconds);
  const request: OutgoingRequest = {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, */*',
      'user-agent': 'kube-apiserver-admission',
    },
    body: utf8(JSON.stringify(review)),
    timeout: timeoutSeconds * 1000,
    ...(caBundle && { caBundle }),
    ...(signal && { signal }),
  };
  try {
    const address = await placeOf(remote, client);
    const answer = await remote.sendPatiently(address ? { ...request, address } : request);
    return readAnswer(answer.status, textOf(await wholeBody(answer, largestAnswer)));
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    throw new Error(`Post ${JSON.stringify(url)}: ${error.message}`, { cause: error });
  }
}

function bundleOf({ caBundle = '' }: WebhookClientConfig): string {
  if (caBundle === '') return '';
  const pem = textOf(bytesOfBase64(caBundle) ?? new Uint8Array());
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new UnusableClient('unable to load root certificates: unable to parse bytes as PEM block');
}

/** As Kubernetes' client writes it, with the time limit for the other side to know. */
export function urlOf({ url = '', service }: WebhookClient, timeoutSeconds: number): string {
  const timeout = `timeout=${timeoutSeconds}s`;
  if (!service) {
    const [, host = '', path = ''] = /^(https:\/\/[^/?#]*)([^?#]*)/.exec(url) ?? [];
    return `${host}${cleanPath(path)}?${timeout}`;
  }
  const { namespace = '', name = '', path = '', port = defaultPort } = service;
  return `https://${serviceHost({ namespace, name })}:${port}${cleanPath(path)}?${timeout}`;
}

const cleanPath = (path: string): string => `/${path.split('/').filter(Boolean).join('/')}`;

/** Undefined where the URL itself says it. */
async function placeOf(remote: Remote, { service }: WebhookClient) {
  if (!service) return undefined;
  const { namespace = '', name = '', port = defaultPort } = service;
  return remote.locate({ namespace, name, port });
}

function readAnswer(status: number, text: string): unknown {
  if (status < 200 || status > 206) throw refusalOf(status, text);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(
      `couldn't get version/kind; json parse error: ${text === '' ? 'unexpected end of JSON input' : `invalid character ${quoted(text)} looking for beginning of value`}`,
    );
  }
}

const quoted = (text: string): string => `'${text.trim().slice(0, 1)}'`;
