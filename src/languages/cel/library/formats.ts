// Named forms of texts: `format.dns1123Label().validate(name)` gives nothing, or a list of what is wrong.

import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
} from '../../../base/names.ts';
import { parseTime } from '../../../base/time.ts';
import { declare, type FunctionDeclaration, type Library, member, namedObject, overload } from '../environment.ts';
import { listOf, optionalOf, stringType } from '../types.ts';
import { listOfStrings, noValue, Opaque, Optional } from '../values.ts';
import { parseRequestUri } from '../../../base/go-url.ts';

export const formatType = namedObject('kubernetes.NamedFormat');

interface Format {
  readonly name: string;
  validate(text: string): readonly string[];
}

/** A prefix may end in a dash: something will follow. */
const asPrefix =
  (validate: Format['validate']): Format['validate'] =>
  (text) =>
    validate(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);

const matching =
  (holds: (text: string) => boolean, message: string): Format['validate'] =>
  (text) =>
    holds(text) ? [] : [message];

function whyNoUri(text: string): readonly string[] {
  const parsed = parseRequestUri(text);
  return typeof parsed === 'string' ? [parsed] : [];
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text);
const isBase64 = (text: string): boolean =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/.test(text);
const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && parseTime(`${text}T00:00:00Z`) !== undefined;

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  return isDate(date) && /^\d\d:\d\d:\d\d(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.test(time);
}

/** By the name in `format.NAME()`: the format's own name, the length of its pattern (costs go by it), and its rule. */
const formats: Readonly<Record<string, readonly [name: string, patternLength: number, validate: Format['validate']]>> =
  {
    dns1123Label: ['DNS1123Label', 30, isDns1123Label],
    dns1123Subdomain: ['DNS1123Subdomain', 60, isDns1123Subdomain],
    dns1035Label: ['DNS1035Label', 30, isDns1035Label],
    qualifiedName: ['QualifiedName', 60, isQualifiedName],
    dns1123LabelPrefix: ['DNS1123LabelPrefix', 30, asPrefix(isDns1123Label)],
    dns1123SubdomainPrefix: ['DNS1123SubdomainPrefix', 60, asPrefix(isDns1123Subdomain)],
    dns1035LabelPrefix: ['DNS1035LabelPrefix', 30, asPrefix(isDns1035Label)],
    labelValue: ['LabelValue', 40, isLabelValue],
    uri: ['URI', 1100, whyNoUri],
    uuid: ['uuid', 80, matching(isUuid, 'does not match the UUID format')],
    byte: ['byte', 85, matching(isBase64, 'invalid base64')],
    date: ['date', 80, matching(isDate, 'invalid date')],
    datetime: ['datetime', 80, matching(isDateTime, 'invalid datetime')],
  };

const values = new Map(
  Object.entries(formats).map(([key, [name, size, validate]]) => {
    const format: Format = { name, validate };
    return [key, new Opaque(formatType.name, format, name, size)] as const;
  }),
);

const constants: readonly FunctionDeclaration[] = Array.from(values, ([key, value]) =>
  declare(
    `format.${key}`,
    overload(`format.${key}`, [], formatType, () => value),
  ),
);

export const formatsLibrary: Library = {
  types: { [formatType.name]: formatType },
  functions: [
    ...constants,
    declare(
      'format.named',
      overload('format-named', [stringType], optionalOf(formatType), (name) => {
        const value = values.get(name as string);
        return value ? new Optional(value) : noValue;
      }),
    ),
    declare(
      'validate',
      member('format-validate', [formatType, stringType], optionalOf(listOf(stringType)), (format, text) => {
        const mistakes = (format as Opaque<Format>).data.validate(text as string);
        return mistakes.length === 0 ? noValue : new Optional(listOfStrings(mistakes));
      }),
    ),
  ],
};
