import { expect, test } from 'vitest';
import { CelError } from '../../languages/cel/values.ts';
import { deviceSelection, selectorProblem } from './device-expressions.ts';

const device = {
  name: 'gpu-0',
  attributes: { model: { string: 'a' }, cores: { int: 8 }, 'other.example.com/driver': { version: '1.2.3' } },
  capacity: { memory: { value: '2Gi' } },
};

const own = "device.attributes['gpu.example.com']";

test.each([
  ["device.driver == 'gpu.example.com'", true],
  [`${own}.model == 'a' && ${own}.cores > 4`, true],
  ["device.capacity['gpu.example.com'].memory.isGreaterThan(quantity('1Gi'))", true],
  ["device.attributes['other.example.com'].driver.isLessThan(semver('1.3.0'))", true],
  ["has(device.attributes['nobody.example.com'].model)", false],
  [`cel.bind(gpu, ${own}, gpu.?size.orValue(3) == 3)`, true],
])('%s', (expression, selected) => {
  expect(selectorProblem(expression)).toBeUndefined();
  expect(deviceSelection(expression)('gpu.example.com', device)).toBe(selected);
});

test('an attribute that a device has not cannot be told', () => {
  const outcome = deviceSelection(`${own}.size > 1`)('gpu.example.com', device);
  expect(outcome).toEqual(new CelError('no such key: size'));
});

test('what can cost too much is refused', () => {
  const many = '[0,1,2,3,4,5,6,7,8,9]';
  const loops = (depth: number): string => (depth === 0 ? 'true' : `${many}.all(x${depth}, ${loops(depth - 1)})`);
  expect(selectorProblem(loops(3))).toBeUndefined();
  expect(selectorProblem(loops(7))).toEqual({ kind: 'costly', message: 'too complex, exceeds cost limit' });
});
