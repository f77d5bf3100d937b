// A request's life, stage by stage. This list is the order; each stage wraps the next.

import type { ApiRequest, ApiResponse, Transport } from '../api/request.ts';
import { ApiError, internalError } from '../api/status.ts';
import { anonymous } from './authenticate.ts';
import type { Exchange, Handler, Stage } from './exchange.ts';
import type { RequestMetrics } from './metrics/request-metrics.ts';
import { negotiateError } from './negotiate.ts';
import { encodeAs } from './print.ts';
import { resolve } from './resolve.ts';
import type { Server } from './server.ts';
import { warningHeaders } from './warnings.ts';

/** Joins the stages, first to last, before the handler that answers. */
export function pipeline(
  server: Server,
  stages: readonly Stage[],
  handler: Handler,
  metrics: RequestMetrics,
): Transport {
  const whole = stages.reduceRight<Handler>((next, stage) => stage(next), handler);
  return {
    async call(request) {
      const exchange = open(request);
      const answered = metrics.begin(exchange);
      try {
        exchange.target = resolve(server.catalog, request.method, request.path, request.query);
        const response = await whole(exchange);
        return answered(withWarnings(response, exchange));
      } catch (error) {
        return answered(withWarnings(refusal(server, request, error), exchange));
      }
    },
  };
}

const open = (request: ApiRequest): Exchange => ({
  request,
  target: { type: 'path', path: request.path, verb: request.method.toLowerCase() },
  user: anonymous,
  warnings: new Set(),
  annotations: new Map(),
});

/** A refusal as the client reads it. What is no ApiError is a bug of ours: it is logged, and answered with 500. */
function refusal(server: Server, request: ApiRequest, error: unknown): ApiResponse {
  const known = error instanceof ApiError;
  if (!known)
    server.log.error('a request failed by a bug', {
      method: request.method,
      path: request.path,
      error: described(error),
    });
  const { status } = known ? error : internalError(described(error));
  const retryAfter = status.details?.retryAfterSeconds;
  const format = negotiateError(request.headers.accept);
  const headers = {
    'content-type': contentTypes[format],
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  };
  if (request.inProcess) return { status: status.code ?? 500, headers, body: { type: 'object', object: status } };
  return { status: status.code ?? 500, headers, body: { type: 'bytes', bytes: encodeAs(format, status, undefined) } };
}

const contentTypes = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
} as const;

const described = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

function withWarnings(response: ApiResponse, exchange: Exchange): ApiResponse {
  if (exchange.warnings.size === 0) return response;
  const warning = warningHeaders(exchange.warnings);
  return warning.length === 0 ? response : { ...response, headers: { ...response.headers, warning } };
}
