// Reads YAML as Kubernetes does: YAML 1.1 (so `y` is true and 010 is eight), the first document only, repeated keys told by line, and
// mistakes in the words of Go's parser.

import { isNumeric, wholeNumber } from '../base/whole-number.ts';
import { type Event, EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import { bytesOfBase64, textOf } from '../base/bytes.ts';
import { maxDepth } from '../api/json.ts';

export interface ParsedYaml {
  /** A JSON value; null where the text has no document. */
  readonly value: unknown;
  /** `line 6: key "a" already set in map`. The last value counts. */
  readonly duplicates: readonly string[];
}

/** A text that is no YAML. The message is Go's: `yaml: line 4: found character that cannot start any token`. */
export class YamlSyntaxError extends Error {
  constructor(message: string) {
    super(`yaml: ${message}`);
    this.name = 'YamlSyntaxError';
  }
}

/** Documents that grow by their aliases are refused, as are those that nest too deep. */
const mostAliasedValues = 100_000;

export function parseYaml(text: string): ParsedYaml {
  const events = eventsOf(text);
  const reader = new Reader(text, events);
  return { value: reader.document(), duplicates: reader.duplicates };
}

/** What a strict reader makes of repeated keys. */
export const unmarshalErrors = (duplicates: readonly string[]): string =>
  `yaml: unmarshal errors:\n${duplicates.map((each) => `  ${each}`).join('\n')}`;

function eventsOf(text: string): Event[] {
  try {
    return parseEvents(text, { maxDepth });
  } catch (error) {
    throw error instanceof YAMLException ? new YamlSyntaxError(goMessage(error, text)) : error;
  }
}

/** Go's scanner counts lines from one, its parser from nought, and leaves out the nought. */
function goMessage({ reason, mark }: YAMLException, text: string): string {
  const line = mark?.line ?? 0;
  const scanning = scannerMessages[reason];
  if (scanning) return `line ${line + 1}: ${scanning}`;
  const atEnd = /unexpected end of the stream/.test(reason);
  const place = atEnd ? text.replace(/\n$/, '').split('\n').length : line;
  const message =
    atEnd && reason.includes('flow') ? unclosed(text) : (parserMessages[reason] ?? `could not find expected ':'`);
  return place > 0 ? `line ${place}: ${message}` : message;
}

const scannerMessages: Readonly<Record<string, string>> = {
  'tab characters must not be used in indentation': 'found character that cannot start any token',
  'a whitespace character is expected after the key-value separator within a block mapping':
    'mapping values are not allowed in this context',
  'bad indentation of a mapping entry': 'mapping values are not allowed in this context',
  'unknown escape sequence': 'found unknown escape character',
  'the stream contains non-printable characters': 'control characters are not allowed',
};

const parserMessages: Readonly<Record<string, string>> = {
  'bad indentation of a sequence entry': `did not find expected '-' indicator`,
  'end of the stream or a document separator is expected': 'did not find expected <document start>',
  'unexpected end of the stream within a double quoted scalar': 'found unexpected end of stream',
  'unexpected end of the stream within a single quoted scalar': 'found unexpected end of stream',
  'missed comma between flow collection entries': `did not find expected ',' or '}'`,
};

const unclosed = (text: string): string =>
  `did not find expected ',' or '${text.lastIndexOf('[') > text.lastIndexOf('{') ? ']' : '}'}'`;

/** Walks over the events of a text and builds the value they describe. */
class Reader {
  readonly duplicates: string[] = [];
  private at = 0;
  private aliased = 0;
  private readonly anchors = new Map<string, unknown>();
  /** Anchors whose value is being read. */
  private readonly open = new Set<string>();
  private readonly text: string;
  private readonly events: readonly Event[];

  constructor(text: string, events: readonly Event[]) {
    this.text = text;
    this.events = events;
  }

  /** The first document. */
  document(): unknown {
    const first = this.events[this.at++];
    if (first?.type !== EVENT_ID.DOCUMENT || this.events[this.at]?.type === EVENT_ID.POP) return null;
    return this.node();
  }

  private node(): unknown {
    const event = this.events[this.at++] as Event;
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return this.anchored(event, () => this.scalar(event));
      case EVENT_ID.SEQUENCE:
        return this.anchored(event, () => this.sequence());
      case EVENT_ID.MAPPING:
        return this.anchored(event, () => this.mapping());
      case EVENT_ID.ALIAS:
        return this.alias(this.text.slice(event.anchorStart, event.anchorEnd));
      default:
        throw new Error('a node was expected in the stream of YAML events');
    }
  }

  private anchored(event: { readonly anchorStart: number; readonly anchorEnd: number }, read: () => unknown): unknown {
    if (event.anchorStart < 0) return read();
    const name = this.text.slice(event.anchorStart, event.anchorEnd);
    this.open.add(name);
    const value = read();
    this.open.delete(name);
    this.anchors.set(name, value);
    return value;
  }

  private alias(name: string): unknown {
    if (this.open.has(name)) throw new YamlSyntaxError(`anchor '${name}' value contains itself`);
    if (!this.anchors.has(name)) throw new YamlSyntaxError(`unknown anchor '${name}' referenced`);
    const value = this.anchors.get(name);
    this.aliased += countOf(value, mostAliasedValues);
    if (this.aliased > mostAliasedValues) throw new YamlSyntaxError('document contains excessive aliasing');
    return value;
  }

  private ended(): boolean {
    if (this.events[this.at]?.type !== EVENT_ID.POP) return false;
    this.at++;
    return true;
  }

  private sequence(): unknown[] {
    const list: unknown[] = [];
    while (!this.ended()) list.push(this.node());
    return list;
  }

  private mapping(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    const merges: unknown[] = [];
    const seen = new Set<string>();
    while (!this.ended()) {
      const event = this.events[this.at] as Event;
      const key = keyText(this.node());
      const value = this.node();
      if (key === '<<' && isPlain(event)) merges.push(value);
      else {
        if (seen.has(key))
          this.duplicates.push(`line ${this.lineOf(event)}: key ${JSON.stringify(key)} already set in map`);
        seen.add(key);
        define(object, key, value);
      }
    }
    for (const merge of merges) mergeInto(object, merge);
    return object;
  }

  private lineOf(event: Event): number {
    const start = event.type === EVENT_ID.SCALAR ? event.valueStart : 0;
    let line = 1;
    for (let at = this.text.indexOf('\n'); at >= 0 && at < start; at = this.text.indexOf('\n', at + 1)) line++;
    return line;
  }

  private scalar(event: Event & { type: typeof EVENT_ID.SCALAR }): unknown {
    const text = getScalarValue(this.text, event);
    const tag = event.tagStart < 0 ? '' : this.text.slice(event.tagStart, event.tagEnd);
    if (tag === '!!binary') return textOf(bytesOfBase64(text) ?? new Uint8Array());
    if (tag === '!!str' || tag === '!' || (tag === '' && event.style !== SCALAR_STYLE.PLAIN)) return text;
    return resolved(text);
  }
}

const isPlain = (event: Event): boolean => event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN;

/** Assigning would take `__proto__` for the prototype. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** `<<: *base`: what the object does not say itself comes from the base. */
function mergeInto(object: Record<string, unknown>, source: unknown): void {
  for (const each of Array.isArray(source) ? source : [source]) {
    if (each === null || typeof each !== 'object')
      throw new YamlSyntaxError('map merge requires map or sequence of maps as the value');
    for (const [key, value] of Object.entries(each)) if (!Object.hasOwn(object, key)) define(object, key, value);
  }
}

/** How many values there are in a value, as far as anybody wants to know. */
function countOf(value: unknown, limit: number): number {
  if (value === null || typeof value !== 'object') return 1;
  let count = 1;
  for (const child of Object.values(value)) {
    count += countOf(child, limit - count);
    if (count > limit) break;
  }
  return count;
}

/** Keys of JSON are texts; numbers and booleans become them. */
function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  if (isNumeric(key) || typeof key === 'boolean') return String(key);
  throw new YamlSyntaxError(`invalid map key: ${JSON.stringify(key)}`);
}

const words: ReadonlyMap<string, unknown> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);

/** What a plain scalar means. */
function resolved(text: string): unknown {
  if (words.has(text)) return words.get(text);
  if (!/^[-+.\d]/.test(text)) return text;
  return integer(text.replaceAll('_', '')) ?? fraction(text.replaceAll('_', '')) ?? text;
}

function integer(text: string): number | undefined {
  const match = /^([-+]?)(?:0b([01]+)|0x([\da-fA-F]+)|0o?([0-7]+)|([1-9]\d*|0))$/.exec(text);
  if (!match) return undefined;
  const [, sign, binary, hex, octal, decimal] = match;
  if (decimal && sign === '-') return wholeNumber(`-${decimal}`);
  const size = binary
    ? Number.parseInt(binary, 2)
    : hex
      ? Number.parseInt(hex, 16)
      : octal
        ? Number.parseInt(octal, 8)
        : wholeNumber(decimal ?? '');
  return sign === '-' ? -size : size;
}

const fraction = (text: string): number | undefined =>
  /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
