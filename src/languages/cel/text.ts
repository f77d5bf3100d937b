// Strings as sequences of code points, and numbers written as Go writes them.

/** In code points. */
export function textLength(text: string): number {
  let length = text.length;
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) length--;
  }
  return length;
}

/** By code point: UTF-16 order would put some of the high ones before lower ones. */
export function compareText(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left === right) continue;
    const surrogate = left >= 0xd800 && right >= 0xd800;
    return surrogate ? raised(left) - raised(right) : left - right;
  }
  return a.length - b.length;
}

/** Surrogates come after all other units. */
const raised = (unit: number): number => (unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** The shortest text that reads back the same, with an exponent below -4 and from 6 on: `1e+06`, `0.5`, `2.5e-05`. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  return power < -4 || power >= 6 ? `${mantissa}e${formatExponent(power)}` : value.toString();
}

const formatExponent = (power: number): string => `${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
