// Links in pages of HTML. Start tags are printed anew, as Go's html package prints them; all else stays as it came.

import type { Token, TokenHandler } from 'parse5';

/** Attributes that hold links, by tag. */
const linked: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** Tags after which there is text until they are closed, whatever it looks like. */
const textual = {
  iframe: 'RAWTEXT',
  noembed: 'RAWTEXT',
  noframes: 'RAWTEXT',
  plaintext: 'PLAINTEXT',
  script: 'SCRIPT_DATA',
  style: 'RAWTEXT',
  textarea: 'RCDATA',
  title: 'RCDATA',
  xmp: 'RAWTEXT',
} as const;

const isTextual = (tag: string): tag is keyof typeof textual => Object.hasOwn(textual, tag);

/** `rewrite` gives the link to follow instead; undefined: it stays. */
export async function rewriteLinks(page: string, rewrite: (link: string) => string | undefined): Promise<string> {
  // Few proxied answers are pages.
  const { Tokenizer, TokenizerMode } = await import('parse5');
  let rewritten = '';
  let from = 0;
  const ignored = () => {};
  const handler: TokenHandler = {
    onStartTag(tag) {
      const { startOffset = 0, endOffset = 0 } = tag.location ?? {};
      rewritten += page.slice(from, startOffset) + printed(tag, rewrite);
      from = endOffset;
      if (isTextual(tag.tagName)) tokenizer.state = TokenizerMode[textual[tag.tagName]];
    },
    onEndTag: ignored,
    onComment: ignored,
    onDoctype: ignored,
    onEof: ignored,
    onCharacter: ignored,
    onNullCharacter: ignored,
    onWhitespaceCharacter: ignored,
  };
  const tokenizer = new Tokenizer({ sourceCodeLocationInfo: true }, handler);
  tokenizer.write(page, true);
  return rewritten + page.slice(from);
}

function printed(
  { tagName, attrs, selfClosing }: Token.TagToken,
  rewrite: (link: string) => string | undefined,
): string {
  const links = Object.hasOwn(linked, tagName) ? (linked[tagName] ?? []) : [];
  const attributes = attrs.map(({ name, value }) => {
    const shown = links.includes(name) ? (rewrite(value) ?? value) : value;
    return ` ${name}="${shown.replace(/[&'<>"\r]/g, (sign) => escapes[sign] ?? sign)}"`;
  });
  return `<${tagName}${attributes.join('')}${selfClosing ? '/' : ''}>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  '\r': '&#13;',
};
