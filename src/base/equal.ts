// Equality and canonical form of plain data (JSON values), where an undefined field is an absent one.

type Data = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Data => typeof value === 'object' && value !== null;

/** Whether a JSON value is an object: neither a list nor null. */
export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !Array.isArray(value);

/** Same data; the order of keys does not count, and an undefined field equals an absent one. */
export function deepEqual(a: unknown, b: unknown): boolean {
  return a === b || sameMembers(a, b, deepEqual);
}

/** As deepEqual, but absent, null, empty lists and empty objects are all the same: apimachinery's semantic equality. */
export function semanticEqual(a: unknown, b: unknown): boolean {
  return a === b || (isEmpty(a) && isEmpty(b)) || sameMembers(a, b, semanticEqual);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every((member) => member === undefined);
}

function sameMembers(a: unknown, b: unknown, equal: (a: unknown, b: unknown) => boolean): boolean {
  if (!isObject(a) || !isObject(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  for (const key in a) if (!equal(a[key], own(b, key))) return false;
  for (const key in b) if (!Object.hasOwn(a, key) && !equal(undefined, b[key])) return false;
  return true;
}

const own = (object: Data, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Freezes a value and everything in it, and returns it. What is frozen already is taken to be frozen inside. */
export function deepFreeze<T>(value: T): T {
  if (isObject(value) && !Object.isFrozen(value)) freezeAll(value);
  return value;
}

/** Every stored object passes here: lists by their places, and no call for what is no object. */
function freezeAll(value: Data | readonly unknown[]): void {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) deepFreeze(value[i]);
  } else {
    for (const key in value as Data) {
      const member = (value as Data)[key];
      if (typeof member === 'object') deepFreeze(member);
    }
  }
  Object.freeze(value);
}

/** JSON with sorted keys: the same text for the same data. */
export function canonicalJson(value: unknown): string {
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
    .join(',')}}`;
}
