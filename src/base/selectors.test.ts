// Selectors read, print and match as apimachinery's do.

import { expect, test } from 'vitest';
import {
  parseFieldSelector,
  parseSelector,
  printFieldSelector,
  printSelector,
  selectorFromSet,
  selectorOf,
} from './selectors.ts';

test('a selector prints with its requirements ordered by key, each sign as written', () => {
  expect(printSelector(parseSelector(' x in (c, a,b) ,!d,b==2,a!=1, n>5,e '))).toBe('a!=1,b==2,!d,e,n>5,x in (a,b,c)');
});

test.each([
  ['a=b', { a: 'b' }, true],
  ['a!=b', {}, true],
  ['a notin (b,c)', { a: 'c' }, false],
  ['a', { a: '' }, true],
  ['!a', { a: '' }, false],
  ['a in (,x)', { a: '' }, true],
  ['in', { in: 'x' }, true],
  ['n>5', { n: '6' }, true],
  ['n<5', { n: 'x' }, false],
  ['a=', { a: '' }, true],
  ['', { a: 'b' }, true],
  ['constructor', {}, false],
])('%s against %j is %s', (text, labels, expected) => {
  expect(parseSelector(text).matches(labels as unknown as Record<string, string>)).toBe(expected);
});

test.each([
  ['a===b', "unable to parse requirement: found '=', expected: identifier"],
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['!a=b', "found '=', expected: ',' or 'end of string'"],
  ['=x', "found '=', expected: !, identifier, or 'end of string'"],
  [',', "found ',', expected: !, identifier, or 'end of string'"],
  ['a=b,', "found '', expected: identifier after ','"],
  ['a=b,,c', "found ',', expected: identifier after ','"],
  [
    'n>x',
    "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
])('%s is refused', (text, message) => {
  expect(() => parseSelector(text)).toThrow(message);
});

test('an empty label selector selects everything, an absent one what the caller says', () => {
  expect(selectorOf({}, 'nothing').matches({ a: 'b' })).toBe(true);
  expect(selectorOf(undefined, 'nothing').matches({})).toBe(false);
  expect(selectorOf(undefined, 'everything').matches({})).toBe(true);
});

test('a label selector combines labels and expressions', () => {
  const selector = selectorOf(
    { matchLabels: { b: '1' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] },
    'nothing',
  );
  expect(printSelector(selector)).toBe('a in (x,y),b=1');
  expect(selector.matches({ a: 'x', b: '1' })).toBe(true);
  expect(selector.matches({ b: '1' })).toBe(false);
  expect(() => selectorOf({ matchExpressions: [{ key: 'a', operator: 'Is' }] }, 'nothing')).toThrow(
    '"Is" is not a valid label selector operator',
  );
  expect(printSelector(selectorFromSet({ b: '1', a: '' }))).toBe('a=,b=1');
});

test('field selectors keep escaped characters', () => {
  const parsed = parseFieldSelector('metadata.name=a\\,b,status.phase!=Running,x==1,,y=');
  expect(parsed).toEqual([
    { field: 'metadata.name', operator: '=', value: 'a,b' },
    { field: 'status.phase', operator: '!=', value: 'Running' },
    { field: 'x', operator: '=', value: '1' },
    { field: 'y', operator: '=', value: '' },
  ]);
  expect(printFieldSelector(parsed)).toBe('metadata.name=a\\,b,status.phase!=Running,x=1,y=');
});

test.each([
  ['a', "invalid selector: 'a'; can't understand 'a'"],
  ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
])('the field selector %s is refused', (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message);
});
