// An object of the API as Kubernetes dumps it when it hashes one: Go's struct with all its fields and types, also those left empty.

import { isKept, isSmall, parseQuantity, writtenQuantity, type QuantityFormat } from '../base/quantity.ts';
import { goTypeOf } from '../api/go-text.ts';
import type { Field, ObjectSchema, ScalarType, Schema } from '../api/schema.ts';

type Data = Readonly<Record<string, unknown>>;

/** `{Name:(string)web Replicas:(*int32)3 …}` with the type before it. */
export const goDump = (schema: ObjectSchema, value: object): string => dumpTyped(schema, value, false);

/** With its Go type in front, as a field has it. Where a pointer is nil the type follows an asterisk all the same. */
function dumpTyped(schema: Schema, value: unknown, pointer: boolean): string {
  const type = `(${pointer ? '*' : ''}${goTypeOf(schema)})`;
  return pointer && value === undefined ? `${type}<nil>` : type + dump(schema, value);
}

/** Without its type, as an item of a list has it. */
function dump(schema: Schema, value: unknown): string {
  switch (schema.type) {
    case 'object':
      return dumpStruct(schema, (value ?? {}) as Data);
    case 'list':
      return dumpList(schema.items, (value ?? []) as readonly unknown[]);
    case 'map':
      return dumpMap(schema.values, (value ?? {}) as Data);
    case 'any':
      return '<nil>';
    default:
      return dumpScalar(schema.type, value);
  }
}

/** A list that came over the wire is nil when it is empty; so is a map. */
const dumpList = (schema: Schema, items: readonly unknown[]): string =>
  items.length === 0 ? '<nil>' : `[${items.map((item) => dump(schema, item)).join(' ')}]`;

function dumpMap(schema: Schema, map: Data): string {
  const keys = Object.keys(map).sort();
  return keys.length === 0 ? '<nil>' : `map[${keys.map((key) => `${key}:${dump(schema, map[key])}`).join(' ')}]`;
}

function dumpScalar(type: ScalarType, value: unknown): string {
  switch (type) {
    case 'quantity':
      return dumpQuantity(String((value ?? '0') as string | number));
    case 'intOrString':
      return typeof value === 'string'
        ? `{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)${value}}`
        : `{Type:(intstr.Type)0 IntVal:(int32)${Number(value ?? 0)} StrVal:(string)}`;
    case 'time':
    case 'microTime':
      // Templates hold none but the moment of a creation that never was.
      return '{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}';
    case 'boolean':
      return value === true ? 'true' : 'false';
    case 'string':
    case 'bytes':
      return String((value ?? '') as string);
    default:
      return String((value ?? 0) as number);
  }
}

// ---- Structs

/** JSON flattens what Go embeds: such fields are put back into the struct they belong to, one level down each time. */
function dumpStruct(schema: ObjectSchema, value: Data): string {
  return `{${dumpFields([...schema.fields.values()], { value, struct: goTypeOf(schema), depth: 0 })}}`;
}

function dumpFields(fields: readonly Field[], at: { value: Data; struct: string; depth: number }): string {
  const { value, struct, depth } = at;
  const texts: string[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    const embedded = field?.embedded?.[depth];
    if (!field) break;
    if (embedded === undefined) {
      texts.push(`${goName(struct, field.name)}:${dumpTyped(field.schema, value[field.name], isPointer(field))}`);
      continue;
    }
    let end = i;
    while (fields[end]?.embedded?.[depth] === embedded) end++;
    texts.push(`${embedded}:(v1.${embedded}){${dumpFields(fields.slice(i, end), { ...at, depth: depth + 1 })}}`);
    i = end - 1;
  }
  return texts.join(' ');
}

/** Lists and maps are told apart from nil without a pointer. */
const isPointer = ({ pointer, schema }: Field): boolean => pointer && schema.type !== 'list' && schema.type !== 'map';

// ---- Names

/** Go's name of a field: JSON's with a capital first letter, or with capitals throughout where it begins with initials. */
function goName(struct: string, name: string): string {
  const irregular = irregularNames[`${struct}.${name}`];
  if (irregular !== undefined) return irregular;
  const first = /^[a-z0-9]+/.exec(name)?.[0] ?? '';
  return (
    (initials.has(first) ? first.toUpperCase() : first.charAt(0).toUpperCase() + first.slice(1)) +
    name.slice(first.length)
  );
}

const initials: ReadonlySet<string> = new Set(
  'api aws csi dns fc fs gce gmsa grpc http ip iqn iscsi nfs os pd rbd se ssl tcp tty uid'.split(' '),
);

const irregularNames: Readonly<Record<string, string>> = {
  'v1.PodTemplateSpec.metadata': 'ObjectMeta',
  'v1.PersistentVolumeClaimTemplate.metadata': 'ObjectMeta',
  'v1.PodSpec.serviceAccount': 'DeprecatedServiceAccount',
  'v1.Volume.cephfs': 'CephFS',
  'v1.Volume.storageos': 'StorageOS',
  'v1.ISCSIVolumeSource.chapAuthDiscovery': 'DiscoveryCHAPAuth',
  'v1.ISCSIVolumeSource.chapAuthSession': 'SessionCHAPAuth',
  'v1.GlusterfsVolumeSource.endpoints': 'EndpointsName',
  'v1.RBDVolumeSource.monitors': 'CephMonitors',
  'v1.RBDVolumeSource.image': 'RBDImage',
  'v1.RBDVolumeSource.pool': 'RBDPool',
  'v1.RBDVolumeSource.user': 'RadosUser',
  'v1.FCVolumeSource.wwids': 'WWIDs',
  'v1.AzureDiskVolumeSource.diskURI': 'DataDiskURI',
  'v1.PhotonPersistentDiskVolumeSource.pdID': 'PdID',
};

// ---- Quantities

/** Upstream keeps small numbers as a whole number and a power of ten, others as a decimal of any size, and the text if it found it canonical. */
function dumpQuantity(text: string): string {
  if (text === '0') return quantityText(0n, 0, { text, format: 'DecimalSI' });
  const written = writtenQuantity(text);
  const kept = { text: isKept(written) ? text : '', format: written.format };
  if (isSmall(written)) {
    const { digits, places, exponent, negative } = written;
    const amount = BigInt(digits) * (negative ? -1n : 1n);
    if (written.format === 'BinarySI') return quantityText(amount << BigInt(exponent), 0, kept);
    return quantityText(amount, exponent - places, kept);
  }
  const { nanos } = parseQuantity(text);
  const capped = written.format === 'BinarySI' && nanos === largest * 1_000_000_000n;
  const decimal = capped ? decimalText(largest, 0) : decimalText(nanos, 9);
  return quantityText(0n, 0, { text: '', format: written.format, decimal });
}

const largest = 2n ** 63n - 1n;

function quantityText(
  value: bigint,
  scale: number,
  { text, format, decimal = '<nil>' }: { text: string; format: QuantityFormat; decimal?: string },
): string {
  const small = `(resource.int64Amount){value:(int64)${value} scale:(resource.Scale)${scale}}`;
  const large = `(resource.infDecAmount){Dec:(*inf.Dec)${decimal}}`;
  return `{i:${small} d:${large} s:(string)${text} Format:(resource.Format)${format}}`;
}

function decimalText(unscaled: bigint, scale: number): string {
  const words: bigint[] = [];
  for (let left = unscaled < 0n ? -unscaled : unscaled; left > 0n; left >>= 64n) words.push(BigInt.asUintN(64, left));
  return `{unscaled:(big.Int){neg:(bool)${unscaled < 0n} abs:(big.nat)[${words.join(' ')}]} scale:(inf.Scale)${scale}}`;
}
