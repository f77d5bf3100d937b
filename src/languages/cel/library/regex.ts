// Parts of texts that match a pattern.

import { declare, type Library, member } from '../environment.ts';
import { compileRegex, regexMistake } from '../regex.ts';
import { intType, listOf, stringType } from '../types.ts';
import { CelError, listOfStrings, type Result } from '../values.ts';

function find(text: string, pattern: string): Result {
  const matcher = compileRegex(pattern)?.matcher(text);
  if (!matcher) return new CelError(`Illegal regex: ${regexMistake(pattern)}`);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

function findAll(text: string, pattern: string, limit = -1n): Result {
  const matcher = compileRegex(pattern)?.matcher(text);
  if (!matcher) return new CelError(`Illegal regex: ${regexMistake(pattern)}`);
  const found: string[] = [];
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
  return listOfStrings(found);
}

export const regexLibrary: Library = {
  functions: [
    declare(
      'find',
      member('string_find_string', [stringType, stringType], stringType, (text, pattern) =>
        find(text as string, pattern as string),
      ),
    ),
    declare(
      'findAll',
      member('string_find_all_string', [stringType, stringType], listOf(stringType), (text, pattern) =>
        findAll(text as string, pattern as string),
      ),
      member(
        'string_find_all_string_int',
        [stringType, stringType, intType],
        listOf(stringType),
        (text, pattern, limit) => findAll(text as string, pattern as string, limit as bigint),
      ),
    ),
  ],
};
