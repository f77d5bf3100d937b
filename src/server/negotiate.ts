// Which form an answer takes: the Accept header against the formats a resource has, with Kubernetes' `as=Table` and friends.

import { ApiError, notAcceptable } from '../api/status.ts';

export type Format = 'json' | 'yaml' | 'protobuf';

/** A whole object, or the server's Table or metadata-only form of it. */
export type Shape = 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

export interface Negotiated {
  readonly format: Format;
  readonly shape: Shape;
  /** meta.k8s.io version of the shape. */
  readonly shapeVersion: 'v1' | 'v1beta1';
  readonly contentType: string;
}

const formats: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};

const contentTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

export interface Offer {
  /** Custom resources have no protobuf form of their own (but of their metadata). */
  readonly protobuf: boolean;
  readonly shapes: boolean;
  readonly watch: boolean;
  /** The routes of built-in kinds look at the header before anything else does; the value names what they say they have. */
  readonly routed?: 'one' | 'many';
}

export function negotiate(accept: string | undefined, offer: Offer): Negotiated {
  const ranges = parseAccept(accept);
  if (offer.routed && !ranges.some(({ type }) => type === '*/*' || type in formats)) throw notRouted(offer.routed);
  for (const range of ranges) {
    const found = match(range, offer);
    if (found) return found;
  }
  throw notAcceptable(`only the following media types are accepted: ${Object.keys(formats).join(', ')}`);
}

function match(range: MediaRange, offer: Offer): Negotiated | undefined {
  const format = range.type === '*/*' ? 'json' : formats[range.type];
  if (!format) return undefined;
  if (offer.watch && format === 'yaml') return undefined;
  const stream = range.parameters.get('stream');
  if (stream !== undefined && stream !== 'watch') return undefined;
  const shape = shapeOf(range, offer);
  if (!shape) return undefined;
  if (format === 'protobuf' && !offer.protobuf && !shape.shape.startsWith('Partial')) return undefined;
  const streaming = offer.watch && format === 'protobuf' ? ';stream=watch' : '';
  return { format, ...shape, contentType: contentTypes[format] + streaming };
}

function shapeOf(range: MediaRange, offer: Offer): Pick<Negotiated, 'shape' | 'shapeVersion'> | undefined {
  const as = range.parameters.get('as');
  if (as === undefined) return { shape: 'object', shapeVersion: 'v1' };
  const version = range.parameters.get('v') ?? 'v1';
  const known = as === 'Table' || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList';
  if (!offer.shapes || !known || range.parameters.get('g') !== 'meta.k8s.io') return undefined;
  if (version !== 'v1' && version !== 'v1beta1') return undefined;
  return { shape: as, shapeVersion: version };
}

const anything: readonly MediaRange[] = [{ type: '*/*', parameters: new Map(), quality: 1 }];

/** Headers as they were read, since clients send few different ones. */
const read = new Map<string, readonly MediaRange[]>();
const mostRead = 100;

function parseAccept(accept: string | undefined): readonly MediaRange[] {
  if (!accept) return anything;
  let ranges = read.get(accept);
  if (!ranges) {
    ranges = accept
      .split(',')
      .map(parseRange)
      .sort((a, b) => b.quality - a.quality);
    if (read.size >= mostRead) read.clear();
    read.set(accept, ranges);
  }
  return ranges;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const [key = '', value = ''] = part.split('=');
    parameters.set(key.trim(), value.trim().replace(/^"|"$/g, ''));
  }
  return { type, parameters, quality: Number(parameters.get('q') ?? 1) || 0.5 };
}

function notRouted(routed: 'one' | 'many'): ApiError {
  const streams = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
  const types = [...Object.keys(formats), ...(routed === 'many' ? streams : [])];
  return new ApiError(
    406,
    'NotAcceptable',
    `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`,
    {},
  );
}

/** The form refusals take for this client: its own if we speak it, else JSON. */
export function negotiateError(accept: string | undefined): Format {
  for (const range of parseAccept(accept)) {
    const format = formats[range.type];
    if (format) return format;
  }
  return 'json';
}
