// Bytes as base64 text and back, with or without padding.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Undefined: the text is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={0,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined;
  if (digits !== text && text.length % 4 !== 0) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  for (let i = 0, filled = 0; i < digits.length; i++) {
    bits = ((bits << 6) | alphabet.indexOf(digits.charAt(i))) & 0xff_ffff;
    if (i % 4 !== 0) bytes[filled++] = (bits >> (6 - 2 * (i % 4))) & 0xff;
  }
  return bytes;
}

export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let digit = 0; digit < 4; digit++) {
      text += i + digit > bytes.length ? '=' : alphabet.charAt((group >> (18 - 6 * digit)) & 63);
    }
  }
  return text;
}
