// PEM in fields of bytes: which blocks are in it.

/** The types of the blocks, in order. */
export const pemTypes = (text: string): string[] =>
  [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\s[\s\S]*?-----END \1-----/g)].map(([, type = '']) => type);

/** Base64 as text, a character for each byte; empty for what is none. */
export function textOfBase64(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}
