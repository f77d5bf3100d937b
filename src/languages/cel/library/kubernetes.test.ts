import { expect, test } from 'vitest';
import { compile, describe } from '../cel.ts';
import { environment } from '../environment.ts';
import { dynType } from '../types.ts';
import { jsonOf } from '../values.ts';
import { type AccessQuestion, type Authorizer, authorizerType, authorizerValue } from './authorizer.ts';
import { jsonPatchLibrary } from './json-patch.ts';
import { kubernetesLibraries, kubernetesOptions } from './kubernetes.ts';

const env = environment({
  ...kubernetesOptions,
  libraries: [...kubernetesLibraries, jsonPatchLibrary],
  variables: { authorizer: authorizerType, object: dynType },
});

function run(text: string, variables: Readonly<Record<string, unknown>> = {}): unknown {
  const compiled = compile(text, env);
  const outcome = compiled.program?.evaluate(variables);
  if (!outcome) return describe(compiled);
  return 'error' in outcome ? `error: ${outcome.error}` : jsonOf(outcome.value);
}

test.each<readonly [text: string, value: unknown]>([
  // texts
  ["'äöü'.charAt(1)", 'ö'],
  ["'abcabc'.lastIndexOf('b')", 4],
  ["'a'.indexOf('a', 2)", -1],
  ["'abcd'.replace('', '*')", '*a*b*c*d*'],
  ["'a,b,c'.split(',', 2)", ['a', 'b,c']],
  ["['a', 'b'].join('-')", 'a-b'],
  ["'%s %s'.format([['a', 'b'], {'x': 'y', 'a': 'b'}])", '["a", "b"] {"a":"b", "x":"y"}'],
  ["'%e'.format([3.14159])", '3.141590×10⁰⁰'],
  ["'%.2f'.format([-1.005])", '-1.00'],
  ["'%x %b'.format([-3, -3])", '-3 -11'],
  ['string(123456789012.5)', '1.234567890125e+11'],
  ['string(0.1 + 0.2)', '0.30000000000000004'],
  // times
  ["timestamp('2024-02-29T23:30:15.250Z').getHours('Europe/Berlin')", 0],
  ["timestamp('2024-02-29T23:30:15.250Z').getHours('-03:30')", 20],
  ["timestamp('2024-02-29T23:30:15.250Z').getDayOfYear()", 59],
  ["string(timestamp('2023-12-31T23:30:00-05:00') + duration('1h'))", '2024-01-01T00:30:00-05:00'],
  ["string(timestamp('2024-02-29T23:30:15.250Z') - timestamp('2024-01-01T00:00:00Z'))", '5182215.25s'],
  // lists and sets
  ['[1, 2, 3].sum()', 6],
  ['[3, 1, 2].min()', 1],
  ["['b', 'a'].isSorted()", false],
  ['[[1, 2], [3]].flatten()', [1, 2, 3]],
  ['[1, 2, 2, 1].distinct().size()', 2],
  ["['b', 'a'].sort()", ['a', 'b']],
  ["[{'n': 2}, {'n': 1}].sortBy(e, e.n)[0].n", 1],
  ['lists.range(3)', [0, 1, 2]],
  ['[1, 2, 3].slice(1, 4)', 'error: cannot slice(1, 4), list is length 3'],
  ['[1, 2].first().orValue(0) + optional.none().orValue(5)', 6],
  ["sets.equivalent(['b', 'a', 'b'], ['a', 'b'])", true],
  // patterns
  ["'abc 123'.find('[0-9]+')", '123'],
  ["'123 abc 456'.findAll('[0-9]+', 1)", ['123']],
  // addresses
  ["url('https://u@example.com:8443/a b?a=1&a=2').getEscapedPath()", '/a%20b'],
  ["url('https://[::1]:80/x?a=').getHostname()", '::1'],
  ["url('https://example.com/?a=1&a=2').getQuery()['a']", ['1', '2']],
  ["isURL('not an address')", false],
  ["string(ip('fd00:0::1'))", 'fd00::1'],
  ["isIP('::ffff:1.2.3.4') || isIP('fe80::1%eth0') || isIP('1.2.3')", false],
  ["ip('127.0.0.1').isLoopback() && ip('10.0.0.1').isGlobalUnicast()", true],
  ["ip.isCanonical('2001:DB8::1')", false],
  ["cidr('192.168.0.0/24').containsIP('192.168.0.1')", true],
  ["cidr('192.168.0.0/16').containsCIDR(cidr('192.168.10.0/24'))", true],
  ["cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24')", true],
  ["string(cidr('10.0.0.0/8').ip())", '10.0.0.0'],
  // quantities and versions
  ["quantity('1Ki').asInteger()", 1024],
  ["quantity('500m').asInteger()", 'error: cannot convert value to integer'],
  ["quantity('10E').isInteger()", false],
  ["quantity('1k').sub(1).compareTo(quantity('999'))", 0],
  ["quantity('1k').add(quantity('500m')).asApproximateFloat()", 1000.5],
  [
    "quantity('lots')",
    "error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  ["semver('1.2.3-alpha').isLessThan(semver('1.2.3'))", true],
  ["semver('v01.2', true) == semver('1.2.0')", true],
  ["isSemver('1.2')", false],
  // named formats
  ["format.dns1123Label().validate('my-name').hasValue()", false],
  ["format.dns1123LabelPrefix().validate('my-').hasValue()", false],
  ["format.uri().validate('')", { value: ['parse "": empty url'] }],
  ["format.uuid().validate('x').value()", ['does not match the UUID format']],
  ["format.named('date').value().validate('2024-02-30').value()", ['invalid date']],
  // patches
  ["jsonpatch.escapeKey('a/b~c')", 'a~1b~0c'],
  ["[JSONPatch{op: 'add', path: '/a', value: 1}][0].path", '/a'],
])('%s', (text, value) => {
  const result = run(text);
  expect(
    result instanceof Object && 'typeName' in result
      ? { value: jsonOf((result as unknown as { value: never }).value) }
      : result,
  ).toEqual(value);
});

test.each([
  ['math.abs(1) > 0', "1:1: undeclared reference to 'math' (in container '')"],
  ['cel.bind(x, 1, x > 1)', "1:1: undeclared reference to 'cel' (in container '')"],
  ["'a'.reverse() == 'a'", "1:12: found no matching overload for 'reverse' applied to 'string.()'"],
  ["regex.replace('a', 'a', 'b') == 'b'", "1:1: undeclared reference to 'regex' (in container '')"],
  [
    "[JSONPatch{op: 'add', colour: 'red'}]",
    "1:29: expected type of field 'colour' is '' but provided type is 'string'",
  ],
  ['Thing{}', "1:6: undeclared reference to 'Thing' (in container '')"],
])('%s is not known in Kubernetes', (text, message) => {
  expect(run(text)).toContain(`ERROR: <input>:${message}\n`);
});

test('the authorizer is asked what the expression says, and its answer can be looked at', () => {
  const asked: AccessQuestion[] = [];
  const answers = (who: string): Authorizer => ({
    check(question) {
      asked.push(question);
      return { allowed: who === 'robot', reason: `for ${who}` };
    },
    serviceAccount: () => answers('robot'),
  });
  const authorizer = authorizerValue(answers('alice'));
  const question =
    "group('apps').resource('deployments').subresource('scale').namespace('a').name('web').check('update')";
  expect(run(`authorizer.${question}.reason()`, { authorizer })).toBe('for alice');
  expect(asked[0]).toEqual({
    group: 'apps',
    resource: 'deployments',
    subresource: 'scale',
    namespace: 'a',
    name: 'web',
    verb: 'update',
  });
  expect(run(`authorizer.serviceAccount('a', 'robot').${question}.allowed()`, { authorizer })).toBe(true);
  expect(run("authorizer.path('').check('get').allowed()", { authorizer })).toBe('error: path must not be empty');
  const cost = compile("authorizer.path('/healthz').check('get').allowed()", env).cost(() => undefined);
  expect(cost.max).toBe(350_003);
});

test('a missing key of an object without a schema says so', () => {
  expect(run("object.data.x != 'y'", { object: {} })).toBe('error: no such key: data');
  expect(run("!has(object.data) || !('bad' in object.data)", { object: { data: { bad: '1' } } })).toBe(false);
});
