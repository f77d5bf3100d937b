import { expect, test } from 'vitest';
import { properties } from './index.ts';
import { breach } from './property.ts';

/** Histories of each property in every run; more with `npm run soak`. */
const histories = 34;

for (const property of properties)
  test(property.says, { timeout: 600_000 }, async () => {
    expect(await breach(property, { seed: 1, histories })).toBeUndefined();
  });
