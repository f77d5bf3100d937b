// The smallest object that the schema of a custom kind takes: what is required, in the simplest form that fits.

import fc from 'fast-check';

export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly 'x-kubernetes-int-or-string'?: boolean;
}

const formatted: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  duration: '1h0m0s',
  byte: 'dGV4dA==',
  uri: 'https://example.com/x',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  cidr: '192.0.2.0/24',
  hostname: 'example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
};

export function minimalSample(schema: JsonSchema): unknown {
  if (schema.enum && schema.enum.length > 0) return schema.enum[0];
  if (schema['x-kubernetes-int-or-string']) return 1;
  switch (schema.type) {
    case 'object':
      return structOf(schema);
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => minimalSample(schema.items ?? {}));
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return Math.min(Math.max(schema.minimum ?? 1, 1), schema.maximum ?? Infinity);
    case 'string':
      return textOf(schema);
    default:
      return {};
  }
}

function structOf(schema: JsonSchema): object {
  const { properties = {}, additionalProperties, minProperties = 0 } = schema;
  const wanted = new Set(requiredIn(schema));
  const optional = Object.keys(properties).filter((name) => !wanted.has(name));
  while (wanted.size < minProperties && optional.length > 0) wanted.add(optional.shift() as string);
  // What has a default is filled in by the server.
  const given = [...wanted].filter((name) => properties[name]?.default === undefined);
  const entries = given.map((name) => [name, minimalSample(properties[name] ?? {})] as const);
  for (let i = entries.length; i < minProperties && typeof additionalProperties === 'object'; i++) {
    entries.push([`key${i}`, minimalSample(additionalProperties)]);
  }
  return Object.fromEntries(entries);
}

/** Of alternatives the first is taken. */
const requiredIn = ({ required = [], oneOf, anyOf }: JsonSchema): readonly string[] => [
  ...required,
  ...(oneOf?.[0] ? requiredIn(oneOf[0]) : []),
  ...(anyOf?.[0] ? requiredIn(anyOf[0]) : []),
];

function textOf({ pattern, format, minLength = 0, maxLength = Infinity }: JsonSchema): string {
  if (format && formatted[format]) return formatted[format];
  const simple = 'a'.repeat(Math.max(minLength, 1));
  const fits = (text: string) =>
    text.length >= minLength && text.length <= maxLength && (!pattern || new RegExp(pattern).test(text));
  const plain = [simple, 'a.example.com', '/a', 'https://example.com', '1', '1h', '192.0.2.1', 'a/b'].find(fits);
  if (plain !== undefined || !pattern) return plain ?? simple;
  const matching = fc.sample(fc.stringMatching(new RegExp(pattern)), { seed: 1, numRuns: 200 });
  return matching.find((text) => fits(text) && /^[\x21-\x7e]*$/.test(text)) ?? simple;
}
