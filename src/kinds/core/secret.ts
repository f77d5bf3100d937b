// Secret: values by key that are not for everybody, of a type that says what keys there must be.

import { type Issue, forbiddenField, invalid, required, tooLong } from '../../api/issues.ts';
import { base64, bytesOfBase64, textOf, utf8 } from '../../base/bytes.ts';
import { deepEqual } from '../../base/equal.ts';
import { isConfigMapKey } from '../../base/names.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, numberCell, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { Secret as Shape } from '../generated/types/core-v1.ts';
import { largestContent } from './config-map.ts';

export type Secret = Shape;

const accountName = 'kubernetes.io/service-account.name';
const field = (name: string) => ({ type: 'io.k8s.api.core.v1.Secret', field: name });

export const Secret = defineKind<Secret>('v1', 'Secret', {
  applyDefaults,
  validate: contentIssues,
  validateUpdate: (next, previous) => [...changeIssues(next, previous), ...contentIssues(next)],
  warnings: certificateWarnings,
  columns: [
    nameColumn,
    textColumn('Type', field('type'), ({ type }) => type ?? ''),
    numberCell('Data', field('data'), ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
  selectableFields: { type: ({ type }) => type ?? '' },
});

/** What is given as text is kept as bytes. */
function applyDefaults(secret: Secret): void {
  secret.type ||= 'Opaque';
  const texts = Object.entries(secret.stringData ?? {});
  if (texts.length > 0) {
    secret.data = { ...secret.data, ...Object.fromEntries(texts.map(([key, text]) => [key, base64(utf8(text))])) };
  }
  delete secret.stringData;
}

function contentIssues(secret: Secret): Issue[] {
  const data = secret.data ?? {};
  const issues = Object.keys(data).flatMap((key) => complain(`data[${key}]`, key, isConfigMapKey));
  const size = Object.values(data).reduce((sum, value) => sum + (bytesOfBase64(value)?.length ?? 0), 0);
  if (size > largestContent) issues.push(tooLong('data', largestContent));
  return [...issues, ...typeIssues(secret, data)];
}

function typeIssues(secret: Secret, data: Readonly<Record<string, string>>): Issue[] {
  const missing = (...keys: string[]) =>
    keys.filter((key) => data[key] === undefined).map((key) => required(`data[${key}]`));
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      return secret.metadata.annotations?.[accountName] ? [] : [required(`metadata.annotations[${accountName}]`)];
    case 'kubernetes.io/dockercfg':
      return registryIssues(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return registryIssues(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth': {
      const none = missing('username', 'password');
      return none.length === 2 ? none : [];
    }
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')];
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key');
    default:
      return [];
  }
}

/** The configuration of a container registry must at least be JSON; its text is not shown. */
function registryIssues(data: Readonly<Record<string, string>>, key: string): Issue[] {
  const content = data[key];
  if (content === undefined) return [required(`data[${key}]`)];
  const problem = jsonProblem(textOf(bytesOfBase64(content) ?? utf8('')));
  return problem ? [invalid(`data[${key}]`, '<secret contents redacted>', problem)] : [];
}

/** Go's words for why a text is no JSON object. */
function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && !Array.isArray(value)) return undefined;
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
  } catch {
    const sign = text.trimStart()[0];
    if (sign === undefined || /^[{["]/.test(sign)) return 'unexpected end of JSON input';
    return `invalid character '${sign}' looking for beginning of value`;
  }
}

function changeIssues(next: Secret, previous: Secret): Issue[] {
  const issues = next.type === previous.type ? [] : [immutable('type', next.type)];
  if (!previous.immutable) return issues;
  const rule = 'field is immutable when `immutable` is set';
  if (!next.immutable) issues.push(forbiddenField('immutable', rule));
  if (!deepEqual(next.data ?? {}, previous.data ?? {})) issues.push(forbiddenField('data', rule));
  return issues;
}

/** A certificate and key that no server could use. */
function certificateWarnings({ type, data = {} }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const textAt = (key: string) => textOf(bytesOfBase64(data[key] ?? '') ?? utf8(''));
  const isPem = (text: string) => /-----BEGIN [^-]+-----/.test(text);
  if (!isPem(textAt('tls.crt'))) return ['tls: failed to find any PEM data in certificate input'];
  return isPem(textAt('tls.key')) ? [] : ['tls: failed to find any PEM data in key input'];
}
