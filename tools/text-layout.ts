// Where the published texts break their lines. The package they come from has spaces instead, so most breaks are guessed and the rest is a
// generated table: at which gap between words stands what, where the guess is wrong.

/** Gap number and what stands there, in turn: `[3, "\n\n", 17, "  "]`. */
export type Layout = readonly (number | string)[];

/** A text as the package has it: every break and tab a space. */
const flat = (text: string): string => text.replaceAll(/[\n\t]/g, ' ');

/** A double space after a sentence is most often a paragraph's end. */
const guessed = (text: string): string => text.replaceAll(/\.  (?=[A-Z])/g, '.\n\n');

const gaps = (text: string): string[] => text.match(/\s+/g) ?? [];

/** What the guess gets wrong of a text; undefined when nothing. */
export function layoutOf(text: string): Layout | undefined {
  const guess = gaps(guessed(flat(text)));
  const layout = gaps(text).flatMap((gap, at) => (gap === guess[at] ? [] : [at, gap]));
  return layout.length > 0 ? layout : undefined;
}

/** The text with its lines as they were. */
export function restored(text: string, layout: Layout = []): string {
  const words = text.split(/\s+/);
  const between = gaps(guessed(text));
  for (let i = 0; i + 1 < layout.length; i += 2) between[layout[i] as number] = layout[i + 1] as string;
  return words.map((word, at) => (at === 0 ? word : `${between[at - 1] ?? ' '}${word}`)).join('');
}
