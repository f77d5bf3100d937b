// Texts for clients as Warning headers, within the limits Kubernetes sets for them.

/** Characters that all warnings of an answer may have together before each is cut, and what is then left of each. */
const wholeUpTo = 4096;
const cutAt = 256;

/** `299 - "…"` for each text. Texts with control characters are left out, as upstream does: no header can hold them. */
export function warningHeaders(texts: Iterable<string>): string[] {
  const printable = [...texts].filter((text) => text !== '' && !/\p{Cc}/u.test(text)).map((text) => [...text]);
  const all = printable.reduce((sum, { length }) => sum + length, 0);
  const shown = all <= wholeUpTo ? printable : cut(printable);
  return shown.map((characters) => `299 - "${characters.join('').toWellFormed().replace(/[\\"]/g, '\\$&')}"`);
}

function cut(texts: readonly (readonly string[])[]): (readonly string[])[] {
  let written = 0;
  return texts
    .map((characters) => characters.slice(0, cutAt))
    .filter(({ length }) => {
      const fits = written < wholeUpTo;
      written += length;
      return fits;
    });
}
