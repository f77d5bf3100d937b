// An answer that is a refusal, as Kubernetes' client understands it: a Status says itself what is wrong, anything else is worded by its code.

import { ApiError, type Status } from './status.ts';

/**
 * What is refused by a status of 400 and more. `text` is the answer's body; `asked` what was asked (`get pods.metrics.k8s.io`), where
 * that is known.
 */
export function refusalOf(status: number, text: string, asked?: string): ApiError {
  const own = statusIn(text);
  if (own) return new ApiError(own.code ?? status, own.reason ?? '', own.message ?? '', own.details);
  const said = text.trim() || 'unknown';
  const { reason, message = said } = wordsOf(status, said);
  return new ApiError(status, reason, asked === undefined ? message : `${message} (${asked})`, {
    causes: [{ reason: 'UnexpectedServerResponse', message: said }],
  });
}

interface Words {
  readonly reason: string;
  /** Without one it is what the other side said. */
  readonly message?: string;
}

const known: Readonly<Record<number, Words>> = {
  400: { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' },
  401: { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' },
  403: { reason: 'Forbidden' },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' },
  406: { reason: 'NotAcceptable' },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  415: { reason: 'UnsupportedMediaType' },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: {
    reason: 'Timeout',
    message: 'the server was unable to return a response in the time allotted, but may still be processing the request',
  },
};

function wordsOf(status: number, said: string): Words {
  const words = known[status];
  if (words) return words;
  if (status < 500)
    return {
      reason: 'Unknown',
      message: `the server responded with the status code ${status} but did not return more information`,
    };
  const message = `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`;
  return { reason: 'InternalError', message };
}

function statusIn(text: string): Status | undefined {
  try {
    const value = JSON.parse(text) as Status;
    return value.kind === 'Status' && value.status !== 'Success' ? value : undefined;
  } catch {
    return undefined;
  }
}
