// Chance, from a seed: the same seed gives the same numbers on every machine.

/** A source of chance. Everything random in the program comes from one of these. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** One of the values. Throws a RangeError when there are none. */
  pick<T>(values: readonly T[]): T;
  /** The values in random order, as a new array. */
  shuffled<T>(values: readonly T[]): T[];
  /** `length` characters of the alphabet Kubernetes uses for generated names (no vowels, no look-alikes). */
  suffix(length: number): string;
  /** A version 4 UUID. */
  uuid(): string;
  /** A source of its own, decided by this one's seed and the name only: drawing from it does not disturb this one. */
  fork(name: string): Random;
}

/** The 27 characters apimachinery's rand.String draws from. */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A Random from a seed (sfc32, a small fast generator with a 128-bit state). */
export function seededRandom(seed: number | string): Random {
  const text = String(seed);
  let [a, b, c, d] = [hash32(text, 1), hash32(text, 2), hash32(text, 3), 1];

  function word(): number {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  }
  for (let i = 0; i < 12; i++) word();

  const random: Random = {
    next: () => word() / 4_294_967_296,
    below: (bound) => Math.floor((word() / 4_294_967_296) * bound),
    pick(values) {
      if (values.length === 0) throw new RangeError('pick: there is nothing to pick from');
      return values[random.below(values.length)] as (typeof values)[number];
    },
    shuffled(values) {
      const result = [...values];
      for (let i = result.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [result[i], result[j]] = [result[j] as never, result[i] as never];
      }
      return result;
    },
    suffix(length) {
      let result = '';
      for (let i = 0; i < length; i++) result += nameAlphabet[random.below(nameAlphabet.length)];
      return result;
    },
    uuid() {
      const hex = [word(), word(), word(), word()].map((w) => w.toString(16).padStart(8, '0')).join('');
      const variant = '89ab'[random.below(4)];
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    fork: (name) => seededRandom(`${text}/${name}`),
  };
  return random;
}

/** FNV-1a over the text with a final avalanche, one value per salt. */
function hash32(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
