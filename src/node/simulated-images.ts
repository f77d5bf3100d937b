// Images nobody fetches: names, sizes and digests that follow from the name alone.

import { seededRandom, type Random } from '../base/random.ts';
import { between, paces, type Span } from './pace.ts';
import type { Image } from './runtime.ts';

/** An image's size decides how long its first pull takes. */
const sizes = [
  { most: 0.4, bytes: [5e6, 40e6], pace: paces.pullSmall },
  { most: 0.85, bytes: [40e6, 250e6], pace: paces.pullMedium },
  { most: 1, bytes: [250e6, 900e6], pace: paces.pullLarge },
] as const;

const imageChance = seededRandom('images');

/** `nginx` is `docker.io/library/nginx:latest`. */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasHost ? name : `docker.io/${rest.length > 0 ? name : `library/${name}`}`;
  return /[:@][^/]*$/.test(path.slice(path.indexOf('/'))) ? path : `${path}:latest`;
}

/** Size and digest follow from the name alone, so that every node and every run agrees. */
export function imageOf(name: string): Image & { readonly pace: Span } {
  const full = fullName(name);
  const random = imageChance.fork(full);
  const share = random.next();
  const size = sizes.find(({ most }) => share < most) ?? sizes[0];
  const repository = full.replace(/@.*$|:[^/:]*$/, '');
  const digest = full.includes('@') ? full.slice(full.indexOf('@') + 1) : `sha256:${hex(random, 64)}`;
  return { name: full, id: `${repository}@${digest}`, bytes: between(random, size.bytes), pace: size.pace };
}

/** Names under the reserved top-level domain `invalid` lead nowhere (RFC 2606). */
export const isUnresolvable = (full: string): boolean => /\.invalid(?::\d+)?$/.test(full.split('/')[0] ?? '');

export const pullFailure = (full: string): string =>
  `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${
    isUnresolvable(full) ? `dial tcp: lookup ${full.split('/')[0]}: no such host` : `${full}: not found`
  }`;

/** So many hexadecimal digits. */
export function hex(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += random.below(0x1_0000).toString(16).padStart(4, '0');
  return text.slice(0, length);
}
