// The formats `uri` and `email` as Go's standard library reads them: what a request line may ask for, and what a mail header may address.

/** An absolute URI, or a path from the root. */
export function isUri(text: string): boolean {
  if (text === '' || hasControl(text)) return false;
  if (text === '*') return true;
  if (text.startsWith(':')) return false;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text)?.[0] ?? '';
  const [rest = ''] = text.slice(scheme.length).split('?', 1);
  // Without a slash it is opaque, as in mailto:a@b.
  if (!rest.startsWith('/')) return scheme !== '';
  const authority = rest.startsWith('//') && scheme !== '' ? (/^\/\/[^/]*/.exec(rest)?.[0] ?? '') : '';
  return isAuthority(authority.slice(2)) && areEscapes(rest.slice(authority.length));
}

const hasControl = (text: string): boolean => [...text].some((each) => each < ' ' || each === '\x7f');

const areEscapes = (text: string): boolean => !/%(?![0-9a-fA-F]{2})/.test(text);

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? '' : authority.slice(0, at);
  const host = authority.slice(at + 1);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || !areEscapes(user)) return false;
  const [, name = '', port = ''] = /^(\[.*\]|[^:]*)(.*)$/s.exec(host) ?? [];
  if (!/^(?::\d*)?$/.test(port) || (name.startsWith('[') && !name.endsWith(']'))) return false;
  return /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]|[\u0080-\uffff]|%[89a-fA-F][0-9a-fA-F])*$/.test(name);
}

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-\\u0080-\\u{10ffff}]+";
const dotted = `${atom}(?:\\.${atom})*`;
const quoted = '"(?:[^"\\\\\\r\\n]|\\\\.)*"';
const address = `(?:${dotted}|${quoted})@(?:${dotted}|\\[[^\\[\\]\\s]*\\])`;
const mailbox = new RegExp(`^\\s*(?:${address}|(?:(?:${atom}|${quoted}|\\.)\\s*)*<${address}>)\\s*$`, 'u');

/** An address, with or without a name before it: `Ann <ann@example.com>`. */
export const isEmail = (text: string): boolean => text.length <= 1000 && mailbox.test(text);
