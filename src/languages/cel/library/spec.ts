// The libraries of the specification and its published extensions.

import type { Library } from '../environment.ts';
import { bindMacro, twoVariableMacros } from '../macros.ts';
import { declare, overload } from '../environment.ts';
import { mapOf, parameter } from '../types.ts';
import { encodersLibrary } from './encoders.ts';
import { listsLibrary, setsLibrary } from './lists.ts';
import { mathLibrary } from './math.ts';
import { optionalLibrary } from './optional.ts';
import { standardLibrary } from './standard.ts';
import { stringsLibrary } from './strings.ts';

const K = parameter('K');
const V = parameter('V');

/** Loops over lists and maps with an index or key and a value. */
export const twoVariableLibrary: Library = {
  macros: twoVariableMacros,
  functions: [
    declare(
      'cel.@mapInsert',
      overload('@mapInsert_map_map', [mapOf(K, V), mapOf(K, V)], mapOf(K, V)),
      overload('@mapInsert_map_key_value', [mapOf(K, V), K, V], mapOf(K, V)),
    ),
  ],
};

export const bindingsLibrary: Library = { macros: [bindMacro] };

export const specLibraries: readonly Library[] = [
  standardLibrary,
  optionalLibrary,
  twoVariableLibrary,
  bindingsLibrary,
  stringsLibrary({ style: 'newest', reverse: true }),
  listsLibrary,
  setsLibrary,
  mathLibrary,
  encodersLibrary,
];
