// Regular expressions in RE2's syntax that take time linear in the text, whatever the pattern.

import { RE2JS } from 're2js';

const most = 1000;
const known = new Map<string, RE2JS | undefined>();

/** Undefined: the pattern cannot be read. Patterns are kept, so that a rule compiles its own once. */
export function compileRegex(pattern: string): RE2JS | undefined {
  if (known.has(pattern)) return known.get(pattern);
  const compiled = read(pattern);
  if (known.size >= most) known.clear();
  known.set(pattern, compiled);
  return compiled;
}

function read(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

/** What is wrong with a pattern, as Go says it. */
export function regexMistake(pattern: string): string {
  try {
    RE2JS.compile(pattern);
    return '';
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}
