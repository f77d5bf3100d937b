// Patches made by expressions: `[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey(key), value: 'x'}]`.

import { declare, type Library, overload } from '../environment.ts';
import { dynType, type Field, type ObjectType, stringType } from '../types.ts';

const fields: ReadonlyMap<string, Field> = new Map([
  ['op', { type: stringType }],
  ['path', { type: stringType }],
  ['from', { type: stringType }],
  ['value', { type: dynType }],
]);

/** What no value is of: upstream knows every field of a patch by name, but unknown ones are of this type. */
const nameless: Field = { type: { kind: 'object', name: '', field: () => undefined } };

export const jsonPatchType: ObjectType = {
  kind: 'object',
  name: 'JSONPatch',
  field: (name) => fields.get(name) ?? nameless,
};

export const jsonPatchLibrary: Library = {
  types: { [jsonPatchType.name]: jsonPatchType },
  functions: [
    declare(
      'jsonpatch.escapeKey',
      overload('string_jsonpatch_escapeKey_string', [stringType], stringType, (key) =>
        (key as string).replaceAll('~', '~0').replaceAll('/', '~1'),
      ),
    ),
  ],
};
