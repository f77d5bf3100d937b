// SPDY/3.1's frames as bytes: cut out of what comes, and written. Only what Kubernetes' clients use of the protocol.

import { concat } from '../../../base/bytes.ts';

/** The kinds of control frame that mean something here; all others are skipped. */
export const frameTypes = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7, windowUpdate: 9 } as const;

export type Frame =
  | { readonly type: 'data'; readonly stream: number; readonly fin: boolean; readonly payload: Uint8Array }
  | { readonly type: 'control'; readonly kind: number; readonly flags: number; readonly payload: Uint8Array };

/** The FIN flag: its sender writes no more. */
export const fin = 1;

/** What one frame may carry, in bytes. */
const largestFrame = 4 * 1024 * 1024;

/** Gives the whole frames among the bytes so far. @throws RangeError for what is no SPDY/3.1 */
export function frameReader(): (bytes: Uint8Array) => Frame[] {
  let rest: Uint8Array = new Uint8Array();
  return (bytes) => {
    rest = rest.length === 0 ? bytes : concat(rest, bytes);
    const frames: Frame[] = [];
    for (let frame = cut(rest); frame; frame = cut(rest)) {
      rest = rest.subarray(8 + frame.payload.length);
      frames.push(frame);
    }
    return frames;
  };
}

function cut(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < 8) return undefined;
  const view = viewOf(bytes);
  const [head, tail] = [view.getUint32(0), view.getUint32(4)];
  const [flags, size] = [tail >>> 24, tail & 0xffffff];
  if (size > largestFrame) throw new RangeError(`a frame of ${size} bytes is too large`);
  const control = head >>> 31 === 1;
  if (control && ((head >>> 16) & 0x7fff) !== 3) throw new RangeError('these are no frames of SPDY/3.1');
  if (bytes.length < 8 + size) return undefined;
  const payload = bytes.subarray(8, 8 + size);
  return control
    ? { type: 'control', kind: head & 0xffff, flags, payload }
    : { type: 'data', stream: head, fin: (flags & fin) !== 0, payload };
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

export function dataFrame(stream: number, payload: Uint8Array, flags = 0): Uint8Array {
  return concat(words(stream, ((flags << 24) | payload.length) >>> 0), payload);
}

/** A control frame whose payload begins with these 32-bit words. */
export function controlFrame(
  kind: number,
  leading: readonly number[],
  payload: Uint8Array = new Uint8Array(),
): Uint8Array {
  const size = leading.length * 4 + payload.length;
  return concat(words((0x80030000 | kind) >>> 0, size, ...leading), payload);
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = viewOf(bytes);
  for (const [at, value] of values.entries()) view.setUint32(at * 4, value);
  return bytes;
}
