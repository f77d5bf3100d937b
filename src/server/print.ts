// The form an answer takes: objects of the hub version as the version, shape and format the client asked for.

import { dump as printYaml, DUMP_SCHEMA, floatCoreTag, intCoreTag } from 'js-yaml';
import { concat, utf8 } from '../base/bytes.ts';
import { apiVersionOf, type Kind, type ServedVersion } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { encodeProtobuf } from '../api/protobuf.ts';
import type { ApiResponse, ResponseBody, WatchEvent, WatchSource } from '../api/request.ts';
import { decode } from '../api/decode.ts';
import type { ObjectSchema } from '../api/schema.ts';
import { badRequest, notAcceptable } from '../api/status.ts';
import { folderOf, hasSchema, namedSchema, schemaOf } from '../kinds/schemas.ts';
import type { Describe } from '../kinds/descriptions.ts';
import type { Served } from './catalog.ts';
import { hubOf, isPrinted, printedFrom } from './draft.ts';
import type { Format, Negotiated } from './negotiate.ts';
import { itemBytes, servedBytes, type Stored } from './stored.ts';
import { listMeta, partialObject, tableOf } from './table.ts';
import type { ListResult, ObjectResult, OtherResult, Result, WatchStep } from './verbs/result.ts';

export interface Printing {
  readonly served: Served;
  readonly negotiated: Negotiated;
  readonly inProcess: boolean;
  readonly now: number;
  readonly describe: Describe;
  /** `includeObject` of Table requests. */
  readonly includeObject: string;
  /** A table of a watch that has told its columns before. */
  readonly columnsTold?: boolean;
}

export function print(result: Result, printing: Printing): ApiResponse {
  if (result.type === 'raw')
    return {
      status: result.code,
      headers: { ...(result.contentType !== undefined && { 'content-type': result.contentType }), ...result.headers },
      body: { type: 'bytes', bytes: result.bytes },
    };
  if (result.type === 'upgrade')
    return { status: 101, headers: result.headers, body: { type: 'upgrade', upgrade: result.upgrade } };
  if (result.type === 'chunks') {
    return {
      status: 200,
      headers: { 'content-type': result.contentType },
      body: { type: 'stream', chunks: result.chunks },
    };
  }
  requirePrintable(result, printing);
  if (result.type === 'watch') return printWatch(result.steps, printing);
  const status = result.type === 'list' ? 200 : result.code;
  const headers = { 'content-type': printing.negotiated.contentType };
  return { status, headers, body: bodyOf(result, printing) };
}

/** Which forms a result has; upstream says so only after the work is done. */
function requirePrintable(result: Result, { negotiated, includeObject, served }: Printing): void {
  const { shape } = negotiated;
  if (shape === 'Table' && !['', 'Metadata', 'Object', 'None'].includes(includeObject)) {
    const why = `Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`;
    throw badRequest(`Unable to convert to Table as requested: includeObject: ${why}`);
  }
  if (shape === 'PartialObjectMetadataList' && result.type === 'object')
    throw notAcceptable(`you requested ${shape}, but the requested object is not a list (*${goName(served)})`);
  if (shape === 'PartialObjectMetadata' && result.type === 'list')
    throw notAcceptable(`you requested ${shape}, but the requested object is a list (*${goName(served)}List)`);
}

const goName = ({ kind }: Served): string => `${folderOf((kind.storedAs ?? kind).group)}.${kind.kind}`;

function bodyOf(result: ObjectResult | ListResult | OtherResult, printing: Printing): ResponseBody {
  const { negotiated, served, inProcess } = printing;
  if (result.type === 'other') return encoded(otherObject(result, printing), schemaOfOther(result), printing);
  if (negotiated.shape === 'Table') return encoded(tableOf(result, printing), undefined, printing);
  if (negotiated.shape !== 'object') return encoded(partialOf(result, printing), undefined, printing);
  if (inProcess)
    return {
      type: 'object',
      object:
        result.type === 'list' ? listObject(result, served) : printedFrom(served.kind, served.version, result.object),
    };
  if (negotiated.format === 'json') return { type: 'bytes', bytes: jsonBytes(result, served) };
  return result.type === 'list'
    ? encoded(listObject(result, served), listSchema(served.version.schema), printing)
    : encoded(printedFrom(served.kind, served.version, result.object), served.version.schema, printing);
}

/** A Status is always what it is; other objects have columns. */
function otherObject({ object, columns }: OtherResult, printing: Printing): object {
  const { shape, shapeVersion } = printing.negotiated;
  if (!columns || shape === 'object') return object;
  if (shape !== 'Table') return partialObject(object as KubeObject, `meta.k8s.io/${shapeVersion}`);
  return tableOf({ type: 'object', code: 200, object: object as KubeObject }, printing, columns);
}

function jsonBytes(result: ObjectResult | ListResult, served: Served): Uint8Array {
  if (result.type === 'list') return listBytes(result, served);
  return objectBytes(served, result.object, result.stored);
}

/** An object's JSON, from the stored bytes where the client speaks the stored version. */
export function objectBytes(served: Served, object: KubeObject, stored: Stored | undefined): Uint8Array {
  if (stored && isPrinted(served.kind, served.version, stored.object)) return servedBytes(served.kind, stored);
  return utf8(JSON.stringify(printedFrom(served.kind, served.version, object)));
}

function listBytes(list: ListResult, served: Served): Uint8Array {
  const { kind, version } = served;
  const head = JSON.stringify({
    kind: kind.listKind,
    apiVersion: apiVersionOf({ group: kind.group, version: version.version }),
    metadata: listMeta(list, kind),
  });
  const parts: Uint8Array[] = [utf8(`${head.slice(0, -1)},"items":[`)];
  const comma = utf8(',');
  list.items.forEach((stored, at) => {
    if (at > 0) parts.push(comma);
    parts.push(listItemBytes(served, stored));
  });
  parts.push(utf8(']}'));
  return concat(...parts);
}

/** Items of built-in kinds go without apiVersion and kind, as upstream prints them; custom resources keep them. */
function listItemBytes(served: Served, stored: Stored): Uint8Array {
  const { kind, version } = served;
  if (isPrinted(kind, version, stored.object)) return kind.custom ? servedBytes(kind, stored) : itemBytes(kind, stored);
  return utf8(JSON.stringify(listItem(served, stored)));
}

function listItem(served: Served, stored: Stored): object {
  const object = printedFrom(served.kind, served.version, stored.object);
  if (served.kind.custom) return object;
  const { apiVersion: _, kind: __, ...rest } = object;
  return rest;
}

function listObject(list: ListResult, served: Served): object {
  const { kind, version } = served;
  return {
    kind: kind.listKind,
    apiVersion: apiVersionOf({ group: kind.group, version: version.version }),
    metadata: listMeta(list, kind),
    items: list.items.map((stored) => printedFrom(kind, version, stored.object)),
  };
}

function partialOf(result: ObjectResult | ListResult, printing: Printing): object {
  const apiVersion = `meta.k8s.io/${printing.negotiated.shapeVersion}`;
  if (result.type === 'object') return partialObject(result.object, apiVersion);
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion,
    metadata: {
      resourceVersion: String(result.revision),
      ...(result.continue !== undefined && { continue: result.continue }),
      ...(result.remaining !== undefined && { remainingItemCount: result.remaining }),
    },
    items: result.items.map(({ object }) => partialObject(object, apiVersion)),
  };
}

/** A value in the asked-for format. Only protobuf needs the schema. */
export function encodeAs(format: Format, value: object, schema: ObjectSchema | undefined): Uint8Array {
  if (format === 'json') return utf8(JSON.stringify(value));
  if (format === 'yaml')
    return utf8(
      printYaml(value, {
        schema: yamlSchema,
        sortKeys: true,
        lineWidth: -1,
        noRefs: true,
        seqNoIndent: true,
        quoteStyle: 'double',
      }),
    );
  const { apiVersion = '', kind = '' } = value as { apiVersion?: string; kind?: string };
  return encodeProtobuf(schema ?? knownSchema(apiVersion, kind), value, { apiVersion, kind });
}

/** Fractions as Go prints them: with an exponent of two digits where they are small or large. */
const yamlSchema = DUMP_SCHEMA.withTags(
  { ...floatCoreTag, represent: (value: number) => goFloat(value) },
  {
    ...intCoreTag,
    identify: (value) => typeof value === 'bigint' || intCoreTag.identify?.(value) === true,
    represent: String,
  },
);

function goFloat(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

const knownSchema = (apiVersion: string, kind: string): ObjectSchema =>
  hasSchema(apiVersion, kind) ? schemaOf(apiVersion, kind) : metaSchema(kind);

const metaSchema = (kind: string): ObjectSchema => namedSchema(`io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`);

function encoded(value: object, schema: ObjectSchema | undefined, printing: Printing): ResponseBody {
  if (printing.inProcess) return { type: 'object', object: value };
  return { type: 'bytes', bytes: encodeAs(printing.negotiated.format, value, schema) };
}

function schemaOfOther(result: OtherResult): ObjectSchema | undefined {
  return result.kind?.versions[0]?.schema;
}

const listSchemas = new WeakMap<ObjectSchema, ObjectSchema>();

/** The schema of a kind's list, for protobuf: metadata is field 1, items field 2. */
export function listSchema(item: ObjectSchema): ObjectSchema {
  let schema = listSchemas.get(item);
  if (!schema) {
    const meta = namedSchema('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta');
    schema = {
      type: 'object',
      atomic: false,
      open: false,
      fields: new Map([
        ['metadata', { name: 'metadata', schema: meta, pointer: false, omitempty: true, required: false, number: 1 }],
        [
          'items',
          {
            name: 'items',
            schema: { type: 'list', items: item, listType: 'atomic', keys: [] },
            pointer: true,
            omitempty: false,
            required: true,
            number: 2,
          },
        ],
      ]),
    };
    listSchemas.set(item, schema);
  }
  return schema;
}

function printWatch(steps: WatchSource<WatchStep>, printing: Printing): ApiResponse {
  const { negotiated, inProcess } = printing;
  const headers = { 'content-type': negotiated.contentType };
  if (inProcess) {
    const events: WatchSource<WatchEvent> = mapped(steps, (step) => eventOf(step, printing));
    return { status: 200, headers, body: { type: 'events', events } };
  }
  return { status: 200, headers, body: { type: 'stream', chunks: mapped(steps, framer(printing)) } };
}

/** Makes frames of steps. The columns of a table are told once. */
function framer(printing: Printing): (step: WatchStep) => Uint8Array {
  const { served, negotiated, includeObject } = printing;
  const format = `${served.version.version}/${negotiated.format}/${negotiated.shape}/${negotiated.shapeVersion}/${includeObject}`;
  if (negotiated.shape !== 'Table') return (step) => frameOf(step, printing, format);
  let told = false;
  return (step) => {
    const frame = frameOf(step, { ...printing, columnsTold: told }, `${format}/${told}`);
    told = true;
    return frame;
  };
}

function mapped<A, B>(source: WatchSource<A>, transform: (item: A) => B): WatchSource<B> {
  return { subscribe: (sink, end) => source.subscribe((items) => sink(items.map(transform)), end) };
}

function frameOf(step: WatchStep, printing: Printing, format: string): Uint8Array {
  const shared = 'event' in step ? step.event?.frames : undefined;
  const key = `${format}/${step.type}`;
  const known = shared?.get(key);
  if (known) return known;
  const frame = encodeFrame(step, printing);
  shared?.set(key, frame);
  return frame;
}

function encodeFrame(step: WatchStep, printing: Printing): Uint8Array {
  const { served, negotiated } = printing;
  if (negotiated.format === 'protobuf') return protobufFrame(step, printing);
  if (negotiated.shape === 'object' && 'stored' in step && isPrinted(served.kind, served.version, step.stored.object)) {
    const head = utf8(`{"type":"${step.type}","object":`);
    return concat(head, servedBytes(served.kind, step.stored), utf8('}\n'));
  }
  return utf8(`${JSON.stringify(eventOf(step, printing))}\n`);
}

/** Four bytes of length, then a WatchEvent whose object is wrapped on its own. */
function protobufFrame(step: WatchStep, printing: Printing): Uint8Array {
  const { served, negotiated } = printing;
  const event = eventOf(step, printing);
  const inner = event.object as { kind?: string };
  const own = negotiated.shape === 'object' && inner.kind === served.kind.kind;
  const schema = own ? served.version.schema : metaSchema(inner.kind ?? '');
  const { apiVersion = '', kind = '' } = event.object as { apiVersion?: string; kind?: string };
  const raw = encodeProtobuf(schema, event.object, { apiVersion, kind });
  const type = utf8(event.type);
  const object = concat(new Uint8Array([0x0a]), varint(raw.length), raw);
  const body = concat(
    new Uint8Array([0x0a]),
    varint(type.length),
    type,
    new Uint8Array([0x12]),
    varint(object.length),
    object,
  );
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length);
  return concat(length, body);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return new Uint8Array([...bytes, value]);
}

function shaped(object: KubeObject, printing: Printing): KubeObject {
  const { negotiated, served } = printing;
  if (negotiated.shape === 'Table')
    return tableOf({ type: 'object', code: 200, object }, printing) as unknown as KubeObject;
  if (negotiated.shape !== 'object')
    return partialObject(object, `meta.k8s.io/${negotiated.shapeVersion}`) as KubeObject;
  return printedFrom(served.kind, served.version, object);
}

function eventOf(step: WatchStep, printing: Printing): WatchEvent {
  if (step.type === 'ERROR') return { type: 'ERROR', object: step.status as unknown as KubeObject };
  if (step.type === 'BOOKMARK') return { type: 'BOOKMARK', object: bookmark(step, printing) };
  return { type: step.type, object: shaped(step.stored.object, printing) };
}

/** A bookmark is an object of the kind with nothing in it but a resourceVersion. */
function bookmark(step: WatchStep & { type: 'BOOKMARK' }, printing: Printing): KubeObject {
  const { kind, version } = printing.served;
  const metadata = {
    resourceVersion: String(step.revision),
    ...(step.initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
  };
  if (printing.negotiated.shape !== 'object') return shaped({ ...emptyObject(kind), metadata }, printing);
  return { ...emptyObject(kind, version), metadata };
}

const emptyObjects = new WeakMap<ObjectSchema, KubeObject>();

/** What is left of an object without any content, in the given version or in the hub. */
export function emptyObject(kind: Kind, version?: ServedVersion): KubeObject {
  const keeper = version ? kind : (kind.storedAs ?? kind);
  const shown = version ?? hubOf(keeper);
  let empty = emptyObjects.get(shown.schema);
  if (!empty) {
    const apiVersion = apiVersionOf({ group: keeper.group, version: shown.version });
    empty = decode(shown.schema, { kind: keeper.kind, apiVersion, metadata: {} }).object as unknown as KubeObject;
    emptyObjects.set(shown.schema, empty);
  }
  return empty;
}
