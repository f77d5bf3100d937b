// Where others learn how to check service-account tokens: the issuer's configuration and its public keys.

import type { Exchange } from '../exchange.ts';
import { ApiError } from '../../api/status.ts';
import { json, type PathAnswer } from '../paths.ts';
import { issuer } from './issuer.ts';
import type { KeyMaker } from './key-maker.ts';

const keySetPath = '/openid/v1/jwks';

export function tokenPaths(keys: KeyMaker): ReadonlyMap<string, PathAnswer> {
  return new Map<string, PathAnswer>([
    ['/.well-known/openid-configuration', (exchange) => offered(exchange, 'application/json', configuration(exchange))],
    [keySetPath, (exchange) => offered(exchange, 'application/jwk-set+json', keys.keySet())],
  ]);
}

function offered(exchange: Exchange, type: string, document: object) {
  const { accept = '' } = exchange.request.headers;
  const ranges = accept.split(',').map((range) => range.split(';', 1)[0]?.trim());
  if (accept !== '' && !ranges.some((range) => range === type || range === '*/*' || range === 'application/*')) {
    const message = `406: Not Acceptable\n\nAvailable representations: ${type}`;
    throw new ApiError(406, 'NotAcceptable', message, {});
  }
  const answer = json(document);
  return { ...answer, headers: { 'content-type': type } };
}

function configuration({ request }: Exchange): object {
  const host = request.headers.host ?? 'localhost';
  return {
    issuer,
    jwks_uri: `https://${host}${keySetPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
