// The archives that `tar` makes and reads: headers of 512 bytes in the ustar format, each followed by its file's bytes.

import { concat, textOf, utf8 } from '../../base/bytes.ts';

export interface ArchiveEntry {
  /** Folders end in a slash. */
  readonly name: string;
  readonly mode: number;
  /** In seconds since 1970. */
  readonly changedAt: number;
  readonly bytes: Uint8Array;
}

const block = 512;

export const writeArchive = (entries: readonly ArchiveEntry[]): Uint8Array =>
  concat(...entries.flatMap(entryBlocks), new Uint8Array(block * 2));

const padded = (bytes: Uint8Array): Uint8Array =>
  concat(bytes, new Uint8Array((block - (bytes.length % block)) % block));

function entryBlocks(entry: ArchiveEntry): Uint8Array[] {
  const name = utf8(entry.name);
  // GNU's way to give a name longer than the header has room for: as the content of an entry before it.
  const long = name.length > 100 ? [header(utf8('././@LongLink'), { ...entry, bytes: name }, 'L'), padded(name)] : [];
  const type = entry.name.endsWith('/') ? '5' : '0';
  return [...long, header(name.subarray(0, 100), entry, type), padded(entry.bytes)];
}

function header(name: Uint8Array, { mode, changedAt, bytes }: ArchiveEntry, type: string): Uint8Array {
  const made = new Uint8Array(block);
  const put = (at: number, text: string) => made.set(utf8(text), at);
  const octal = (value: number, width: number) =>
    `${Math.floor(value)
      .toString(8)
      .padStart(width - 1, '0')}\0`;
  made.set(name, 0);
  put(100, octal(mode, 8));
  put(108, octal(0, 8));
  put(116, octal(0, 8));
  put(124, octal(bytes.length, 12));
  put(136, octal(Math.max(changedAt, 0), 12));
  put(148, ' '.repeat(8));
  put(156, type);
  put(257, 'ustar\0' + '00');
  put(
    148,
    `${made
      .reduce((sum, each) => sum + each, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
  );
  return made;
}

/** @throws RangeError where the bytes are no archive */
export function readArchive(bytes: Uint8Array): ArchiveEntry[] {
  const entries: ArchiveEntry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + block <= bytes.length; ) {
    const head = bytes.subarray(at, at + block);
    if (head.every((each) => each === 0)) break;
    const field = (from: number, length: number) =>
      textOf(head.subarray(from, from + length))
        .replace(/\0.*$/s, '')
        .trim();
    const size = parseInt(field(124, 12) || '0', 8);
    if (!Number.isFinite(size) || !field(257, 6).startsWith('ustar'))
      throw new RangeError('this does not look like a tar archive');
    const content = bytes.subarray(at + block, at + block + size);
    if (content.length < size) throw new RangeError('unexpected end of file');
    at += block + Math.ceil(size / block) * block;
    const type = String.fromCharCode(head[156] ?? 0);
    const prefix = field(345, 155);
    if (type === 'L') longName = textOf(content).replace(/\0+$/, '');
    else if (type === 'x') longName = /\d+ path=(.*)\n/.exec(textOf(content))?.[1] ?? longName;
    else if (type === '0' || type === '\0' || type === '5') {
      const name = longName ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100));
      longName = undefined;
      entries.push({
        name: type === '5' && !name.endsWith('/') ? `${name}/` : name,
        mode: parseInt(field(100, 8) || '644', 8) & 0o7777,
        changedAt: parseInt(field(136, 12) || '0', 8),
        bytes: content,
      });
    }
  }
  return entries;
}
