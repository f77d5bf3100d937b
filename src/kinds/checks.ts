// What makes a text a good name, label, key, address or path in Kubernetes: each check returns the complaints, in the words clients know.

import { type Issue, invalid, quoted, rendered, required } from '../api/issues.ts';

type Check = (value: string) => string[];

const labelPattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const label1035Pattern = '[a-z]([-a-z0-9]*[a-z0-9])?';
const subdomainPattern = `${labelPattern}(\\.${labelPattern})*`;
const nameExtraPattern = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const bytesIn = (text: string) => new TextEncoder().encode(text).length;

/** `(e.g. 'a',  or 'b', regex used for validation is 'r')` after the rule. */
function ruleText(rule: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}'`).join(',  or ');
  return examples.length > 0
    ? `${rule} (e.g. ${list}, regex used for validation is '${pattern}')`
    : `${rule} (regex used for validation is '${pattern}')`;
}

/** A check by one pattern and a length. */
function patternCheck(rule: { text: string; pattern: string; examples: string[]; max?: number }): Check {
  const expression = whole(rule.pattern);
  return (value) => {
    const complaints: string[] = [];
    if (rule.max !== undefined && bytesIn(value) > rule.max) complaints.push(tooManyCharacters(rule.max));
    if (!expression.test(value)) complaints.push(ruleText(rule.text, rule.pattern, ...rule.examples));
    return complaints;
  };
}

const tooManyCharacters = (max: number) => `must be no more than ${max} characters`;

const dnsLabelPattern = patternCheck({
  text: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  pattern: labelPattern,
  examples: ['my-name', '123-abc'],
});

export const dnsLabel: Check = (value) => {
  const complaints = bytesIn(value) > 63 ? [tooManyCharacters(63)] : [];
  const dotted = whole(subdomainPattern).test(value) && !whole(labelPattern).test(value);
  return [...complaints, ...(dotted ? ['must not contain dots'] : dnsLabelPattern(value))];
};

export const dnsLabel1035 = patternCheck({
  text: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  pattern: label1035Pattern,
  examples: ['my-name', 'abc-123'],
  max: 63,
});

export const dnsSubdomain = patternCheck({
  text: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  pattern: subdomainPattern,
  examples: ['example.com'],
  max: 253,
});

/** As search paths of resolvers may be: names of services begin with an underscore. */
export const dnsSubdomainWithUnderscore = patternCheck({
  text: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  pattern: '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*',
  examples: ['example.com'],
  max: 253,
});

export const wildcardSubdomain = patternCheck({
  text: "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  pattern: `\\*\\.${subdomainPattern}`,
  examples: ['*.example.com'],
  max: 253,
});

export const labelValue: Check = (value) => {
  const pattern = `(${nameExtraPattern})?`;
  const complaints = bytesIn(value) > 63 ? ['must be no more than 63 bytes'] : [];
  if (!whole(pattern).test(value)) {
    complaints.push(
      ruleText(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        pattern,
        'MyValue',
        'my_value',
        '12345',
      ),
    );
  }
  return complaints;
};

const nameExamples = ['MyName', 'my.name', '123-abc'];
const nameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** `name` or `prefix.of.a.domain/name`: keys of labels, annotations, resources, conditions. */
export const qualifiedName: Check = (value) => {
  const parts = value.split('/');
  if (parts.length > 2) {
    const rule = ruleText(`a valid label key ${nameRule}`, nameExtraPattern, ...nameExamples);
    return [`${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? '';
  const complaints = parts.length === 2 ? prefixComplaints(parts[0] ?? '') : [];
  if (name === '') complaints.push('name part must be non-empty');
  else if (bytesIn(name) > 63) complaints.push('name part must be no more than 63 bytes');
  if (!whole(nameExtraPattern).test(name)) {
    complaints.push(`name part ${ruleText(nameRule, nameExtraPattern, ...nameExamples)}`);
  }
  return complaints;
};

function prefixComplaints(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  return dnsSubdomain(prefix).map((complaint) => `prefix part ${complaint.replace(/253 characters$/, '253 bytes')}`);
}

/** `example.com/path`: what belongs to a domain must say so. */
export function domainPrefixedPath(field: string, value: string): Issue[] {
  if (value === '') return [required(field)];
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const issues = dnsSubdomain(value.slice(0, slash)).map((text) => invalid(field, value.slice(0, slash), text));
  const pathPattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
  const path = value.slice(slash + 1);
  if (!whole(pathPattern).test(path)) {
    issues.push(invalid(field, path, ruleText('Invalid path', pathPattern)));
  }
  return issues;
}

export const httpHeaderName = patternCheck({
  text: "a valid HTTP header must consist of alphanumeric characters or '-'",
  pattern: '[-A-Za-z0-9]+',
  examples: ['X-Header-Name'],
});

/** Anything printable but an equals sign. */
export const environmentName: Check = (value) => {
  if (value === '') return ["environment variable name must be non-empty"];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
};

/** Keys of config maps and secrets, which become names of files. */
export const configKey: Check = (value) => {
  const complaints = value.length > 253 ? [tooManyCharacters(253)] : [];
  const pattern = '[-._a-zA-Z0-9]+';
  if (!whole(pattern).test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    complaints.push(ruleText(text, pattern, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') complaints.push("must not be '.'");
  else if (value === '..') complaints.push("must not be '..'");
  else if (value.startsWith('..')) complaints.push("must not start with '..'");
  return complaints;
};

/** Names of things that stand in paths of the API. */
export const pathSegment: Check = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((sign) => value.includes(sign)).map((sign) => `may not contain '${sign}'`);
};

/** The name of a port, as services have in DNS (RFC 6335). */
export const portName: Check = (value) => {
  const complaints: string[] = [];
  if (value.length > 15) complaints.push(tooManyCharacters(15));
  if (!/^[-a-z0-9]*$/.test(value)) {
    complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) complaints.push('must contain at least one letter (a-z)');
  if (value.includes('--')) complaints.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) complaints.push('must not begin or end with a hyphen');
  return complaints;
};

export const portNumber = (value: number): string[] =>
  value >= 1 && value <= 65_535 ? [] : ['must be between 1 and 65535, inclusive'];

/** Ids of users and groups. */
export const numericId = (value: number): string[] =>
  value >= 0 && value <= 2_147_483_647 ? [] : ['must be between 0 and 2147483647, inclusive'];

/** One issue for each complaint of a check about the value. */
export const complain = <V>(field: string, value: V, check: (value: V) => string[]): Issue[] =>
  check(value).map((text) => invalid(field, value, text));

export const nonNegative = (field: string, value: number): Issue[] =>
  value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : [];

/** `unsupported(…)` for the lists that Kubernetes prints in their own order instead of sorted. */
export const notListed = (field: string, value: unknown, supported: readonly string[]): Issue => ({
  type: 'notSupported',
  field,
  message: `Unsupported value: ${rendered(value)}: supported values: ${supported.map(quoted).join(', ')}`,
});

/** Keys and values of labels. */
export function labelIssues(labels: Readonly<Record<string, string>> | undefined | null, field: string): Issue[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...complain(field, key, qualifiedName),
    ...complain(field, value, labelValue),
  ]);
}

/** Keys and the whole size of annotations. */
export function annotationIssues(annotations: Readonly<Record<string, string>> | undefined | null, field: string): Issue[] {
  const issues: Issue[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    issues.push(...qualifiedName(key.toLowerCase()).map((text) => invalid(field, key, text)));
    size += bytesIn(key) + bytesIn(value);
  }
  if (size > 262_144) issues.push({ type: 'tooLong', field, message: 'Too long: may not be more than 262144 bytes' });
  return issues;
}

/** A path below something: relative, and never upwards. */
export function localDescendingPath(path: string, field: string): Issue[] {
  const issues = path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : [];
  return [...issues, ...noBacksteps(path, field)];
}

export const noBacksteps = (path: string, field: string): Issue[] =>
  path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];

/** A relative path that neither climbs nor begins with `..`. */
export function localNonReservedPath(path: string, field: string): Issue[] {
  const issues = localDescendingPath(path, field);
  if (path.startsWith('..') && !path.startsWith('../')) issues.push(invalid(field, path, "must not start with '..'"));
  return issues;
}
