import { expect, test } from 'vitest';
import { fitsFormat, isKnownFormat } from './formats.ts';

const taken: Readonly<Record<string, readonly string[]>> = {
  uri: ['http://example.com/a?b', '/a b', 'mailto:a@b', 'http://[::1]:80/', '*', 'http://'],
  email: ['a@b', 'Ann <ann@example.com>', '"a b"@example.com'],
  hostname: ['localhost', 'a-b.example.com', '1.example.com'],
  ipv4: ['10.0.0.1', '010.0.0.1', '::ffff:10.0.0.1'],
  ipv6: ['::1', '2001:db8::1'],
  cidr: ['10.0.0.0/8', '2001:db8::/32'],
  mac: ['01:23:45:67:89:ab', '01-23-45-67-89-AB', '0123.4567.89ab'],
  uuid4: ['3f2504e0-4f89-41d3-9a0c-0305e82c3301'],
  byte: ['YQ==', 'YWJj'],
};

const refused: Readonly<Record<string, readonly string[]>> = {
  uri: ['', 'a/b', ':x', 'http://a b/', 'http://a:port/', '/%zz', 'http://[::1'],
  email: ['', 'a', '@b', 'a@', 'a..b@c', 'a b@c', 'a@b c'],
  hostname: ['', 'my-host', 'a.b', 'example.com.', '-a.example.com', '10.0.0.1'],
  ipv4: ['10.0.0', '256.0.0.1', '::1'],
  ipv6: ['10.0.0.1', '::g'],
  cidr: ['10.0.0.0', '10.0.0.0/33'],
  mac: ['01:23:45:67:89', '01:23-45:67:89:ab'],
  uuid4: ['3f2504e0-4f89-11d3-9a0c-0305e82c3301', '3f2504e0-4f89-41d3-0a0c-0305e82c3301'],
  byte: ['', 'YQ=', 'Y Q=='],
};

test.each(Object.entries(taken))('%s takes what Go takes', (format, texts) => {
  expect(texts.filter((text) => fitsFormat(format, text) !== true)).toEqual([]);
});

test.each(Object.entries(refused))('%s refuses what Go refuses', (format, texts) => {
  expect(texts.filter((text) => fitsFormat(format, text) !== false)).toEqual([]);
});

test('a format is known with or without its dashes, and unknown ones are not checked', () => {
  expect(isKnownFormat('string', 'datetime')).toBe(true);
  expect(isKnownFormat('string', 'phone')).toBe(false);
  expect(fitsFormat('phone', 'x')).toBeUndefined();
});
