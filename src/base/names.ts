// How names, labels, keys and addresses must look: each function returns what is wrong, in Kubernetes' words; nothing wrong is an empty list.

import { utf8Length } from './bytes.ts';
import { formatIp, isMappedIp, parseCidr, parseIp } from './ip.ts';

const maxBytes = (n: number) => `must be no more than ${n} bytes`;
const maxCharacters = (n: number) => `must be no more than ${n} characters`;
const empty = 'must be non-empty';

interface Form {
  readonly message: string;
  readonly format: string;
  readonly examples: readonly string[];
}

/** The sentence upstream makes of a message, examples and a regular expression (with its double space before "or"). */
function sentence({ message, format, examples }: Form): string {
  const listed = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${listed}regex used for validation is '${format}')`;
}

function rule(form: Form): { readonly matches: RegExp; readonly message: string } {
  return { matches: new RegExp(`^(?:${form.format})$`), message: sentence(form) };
}

const labelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const nameFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const label1123 = rule({
  message:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  format: labelFormat,
  examples: ['my-name', '123-abc'],
});

const subdomain1123 = rule({
  message:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  format: subdomainFormat,
  examples: ['example.com'],
});

const underscored = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const subdomainWithUnderscore = rule({
  message:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  format: `${underscored}(\\.${underscored})*`,
  examples: ['example.com'],
});

const wildcard = rule({
  message:
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  format: `\\*\\.${subdomainFormat}`,
  examples: ['*.example.com'],
});

const label1035 = rule({
  message:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  format: '[a-z]([-a-z0-9]*[a-z0-9])?',
  examples: ['my-name', 'abc-123'],
});

const namePart = rule({
  message:
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  format: nameFormat,
  examples: ['MyName', 'my.name', '123-abc'],
});

const labelValue = rule({
  message:
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  format: `(${nameFormat})?`,
  examples: ['MyValue', 'my_value', '12345'],
});

const configKey = rule({
  message: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  format: '[-._a-zA-Z0-9]+',
  examples: ['key.name', 'KEY_NAME', 'key-name'],
});

const identifier = rule({
  message:
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  format: '[A-Za-z_][A-Za-z0-9_]*',
  examples: ['my_name', 'MY_NAME', 'MyName'],
});

const headerName = rule({
  message: "a valid HTTP header must consist of alphanumeric characters or '-'",
  format: '[-A-Za-z0-9]+',
  examples: ['X-Header-Name'],
});

const percent = rule({
  message: "a valid percent string must be a numeric string followed by an ending '%'",
  format: '[0-9]+%',
  examples: ['1%', '93%'],
});

function checked(text: string, { matches, message }: ReturnType<typeof rule>, max = Infinity): string[] {
  const tooLong = max < Infinity && utf8Length(text) > max ? [maxCharacters(max)] : [];
  return matches.test(text) ? tooLong : [...tooLong, message];
}

/** A good subdomain that is no label has dots in it, and is told so. */
export function isDns1123Label(text: string): string[] {
  const dotted = text.includes('.') && subdomain1123.matches.test(text);
  return checked(text, dotted ? { ...label1123, message: 'must not contain dots' } : label1123, 63);
}
export const isDns1123Subdomain = (text: string): string[] => checked(text, subdomain1123, 253);
export const isDns1123SubdomainWithUnderscore = (text: string): string[] => checked(text, subdomainWithUnderscore, 253);
export const isWildcardDns1123Subdomain = (text: string): string[] => checked(text, wildcard, 253);
export const isDns1035Label = (text: string): string[] => checked(text, label1035, 63);
export const isCIdentifier = (text: string): string[] => checked(text, identifier);
export const isHttpHeaderName = (text: string): string[] => checked(text, headerName);
export const isPercent = (text: string): string[] => checked(text, percent);

/** A label or annotation key, a resource name, a condition type: `name` or `prefix/name`. */
export function isQualifiedName(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${namePart.message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const prefixed = parts.length === 2;
  const issues = prefixed ? prefixIssues(parts[0] ?? '').map((issue) => `prefix part ${issue}`) : [];
  return [...issues, ...nameIssues(parts.at(-1) ?? '').map((issue) => `name part ${issue}`)];
}

function prefixIssues(prefix: string): string[] {
  if (prefix === '') return [empty];
  const tooLong = utf8Length(prefix) > 253 ? [maxBytes(253)] : [];
  return subdomain1123.matches.test(prefix) ? tooLong : [...tooLong, subdomain1123.message];
}

function nameIssues(name: string): string[] {
  const length = name === '' ? [empty] : utf8Length(name) > 63 ? [maxBytes(63)] : [];
  return namePart.matches.test(name) ? length : [...length, namePart.message];
}

export function isLabelValue(text: string): string[] {
  const tooLong = utf8Length(text) > 63 ? [maxBytes(63)] : [];
  return labelValue.matches.test(text) ? tooLong : [...tooLong, labelValue.message];
}

/** A name that is only a path segment: RBAC's objects and the like. */
export function isPathSegmentName(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((part) => text.includes(part)).map((part) => `may not contain '${part}'`);
}

/** The name of a port (an IANA service name). */
export function isPortName(text: string): string[] {
  return [
    ...(utf8Length(text) > 15 ? [maxCharacters(15)] : []),
    ...(/^[-a-z0-9]+$/.test(text) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(text) ? [] : ['must contain at least one letter (a-z)']),
    ...(text.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(/^-|-$/.test(text) ? ['must not begin or end with a hyphen'] : []),
  ];
}

export const isPortNumber = (port: number): string[] =>
  port >= 1 && port <= 65_535 ? [] : ['must be between 1 and 65535, inclusive'];

/** The name of an environment variable: any printable ASCII without `=`. */
export function isEnvVarName(text: string): string[] {
  if (text === '') return [`environment variable name ${empty}`];
  return /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. */
export function isConfigMapKey(text: string): string[] {
  const issues = checked(text, configKey, 253);
  if (text === '.' || text === '..') return [...issues, `must not be '${text}'`];
  return text.startsWith('..') ? [...issues, "must not start with '..'"] : issues;
}

const invalidIp = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const invalidCidr = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** An address as new values must be: neither leading zeros nor IPv4 in IPv6. */
export function isIp(text: string): string[] {
  const ip = parseIp(text);
  if (!ip) return [invalidIp];
  if (ip.leadingZeros) return ['must not have leading 0s'];
  return isMappedIp(text) ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

/** An address in the one form that fields made since 1.34 take. */
export function isCanonicalIp(text: string): string[] {
  const ip = parseIp(text);
  const issues = isIp(text);
  if (!ip || issues.length > 0) return issues;
  return formatIp(ip) === text ? [] : [`must be in canonical form ("${formatIp(ip)}")`];
}

export function isCidr(text: string): string[] {
  const cidr = parseCidr(text);
  if (!cidr) return [invalidCidr];
  const leading = cidr.ip.leadingZeros || /\/0\d/.test(text);
  if (leading) return ['must not have leading 0s in IP or prefix length'];
  if (isMappedIp(text)) return ['must not have an IPv4-mapped IPv6 address'];
  return cidr.ip.value === cidr.network ? [] : ['must not have bits set beyond the prefix length'];
}

export function isCanonicalCidr(text: string): string[] {
  const cidr = parseCidr(text);
  const issues = isCidr(text);
  if (!cidr || issues.length > 0) return issues;
  const canonical = `${formatIp(cidr.ip)}/${cidr.length}`;
  return canonical === text ? [] : [`must be in canonical form ("${canonical}")`];
}
