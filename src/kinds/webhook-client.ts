// How a webhook is reached: what is wrong with an address or a service for it.

import { isDns1123Subdomain, isPortNumber } from '../base/names.ts';
import { type Issue, invalid, required } from '../api/issues.ts';

export interface WebhookClient {
  readonly url?: string;
  readonly service?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly path?: string;
    readonly port?: number;
  };
}

export function webhookClientIssues({ url, service }: WebhookClient, field: string): Issue[] {
  if ((url === undefined) === (service === undefined)) {
    return [required(field, 'exactly one of url or service is required')];
  }
  return url === undefined ? serviceIssues(service ?? {}, `${field}.service`) : urlIssues(url, `${field}.url`);
}

const form = 'desired format: https://host[/path]';

function urlIssues(url: string, field: string): Issue[] {
  if (url.startsWith(':')) {
    const problem = `parse ${JSON.stringify(url)}: missing protocol scheme`;
    return [required(field, `url must be a valid URL: ${problem}; ${form}`)];
  }
  const parts =
    /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(url);
  const [, scheme = '', user, host = '', query = '', fragment = ''] = parts ?? [];
  const issues: Issue[] = [];
  if (scheme !== 'https') issues.push(invalid(field, scheme, `'https' is the only allowed URL scheme; ${form}`));
  if (host === '') issues.push(invalid(field, host, `host must be specified; ${form}`));
  if (user !== undefined) issues.push(invalid(field, user, 'user information is not permitted in the URL'));
  if (fragment) issues.push(invalid(field, fragment, 'fragments are not permitted in the URL'));
  if (query) issues.push(invalid(field, query, 'query parameters are not permitted in the URL'));
  return issues;
}

/** Kubernetes mixes up which of name and namespace is missing. */
function serviceIssues(service: NonNullable<WebhookClient['service']>, field: string): Issue[] {
  const { namespace, name, path, port } = service;
  const issues: Issue[] = [];
  if (!namespace) issues.push(required(`${field}.name`));
  if (!name) issues.push(required(`${field}.namespace`));
  for (const problem of port === undefined ? [] : isPortNumber(port)) {
    issues.push(invalid(`${field}.port`, port, `port is not valid: ${problem}`));
  }
  return path === undefined ? issues : [...issues, ...pathIssues(path, `${field}.path`)];
}

function pathIssues(path: string, field: string): Issue[] {
  if (path === '' || path === '/') return [];
  const issues = path.startsWith('/') ? [] : [invalid(field, path, "must start with a '/'")];
  const segments = path.slice(1).split('/');
  if (segments.length > 1 && segments.at(-1) === '') segments.pop();
  segments.forEach((segment, i) => {
    if (segment === '') issues.push(invalid(field, path, `segment[${i}] may not be empty`));
    else for (const rule of isDns1123Subdomain(segment)) issues.push(invalid(field, path, `segment[${i}]: ${rule}`));
  });
  return issues;
}
