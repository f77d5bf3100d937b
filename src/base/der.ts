// DER, the form of certificates and keys: just enough to walk it.

export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** The element as it stands, with its tag and its length. */
  readonly whole: Uint8Array;
}

export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** The elements that follow one another in the bytes. @throws RangeError when one reaches beyond them */
export function derElements(bytes: Uint8Array): DerElement[] {
  const found: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { start, end } = extent(bytes, at);
    found.push({ tag: bytes[at] ?? 0, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return found;
}

/** The contents of each element that follows another in the bytes. */
export const derContents = (bytes: Uint8Array): Uint8Array[] => derElements(bytes).map(({ content }) => content);

function extent(bytes: Uint8Array, at: number): { start: number; end: number } {
  const first = bytes[at + 1] ?? 0;
  const long = first & 0x80 ? first & 0x7f : 0;
  let length = long === 0 ? first : 0;
  for (let i = 0; i < long; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + long;
  if (start + length > bytes.length) throw new RangeError('an element reaches beyond its bytes');
  return { start, end: start + length };
}

export const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
