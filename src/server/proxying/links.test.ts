import { expect, test } from 'vitest';
import { rewriteLinks } from './html.ts';
import { throughProxy } from './links.ts';

const passage = { prefix: '/proxied', backend: '10.0.0.1:80', host: 'api:6443' };

test.each([
  ['/', '/proxied/'],
  ['/a/b', '/proxied/a/b'],
  ['/a//b/../c/', '/proxied/a/c/'],
  ['/a?b=/c#/d', '/proxied/a?b=/c#/d'],
  ['/a%20b%2Fc', '/proxied/a%20b/c'],
  ['/proxied/a', '/proxied/a'],
  ['http://10.0.0.1:80/a', '/proxied/a'],
  ['//10.0.0.1:80/a', '/proxied/a'],
  ['https://api:6443/a', 'https://api:6443/proxied/a'],
  ['https://elsewhere/a', 'https://elsewhere/a'],
  ['//elsewhere/a', '//elsewhere/a'],
  ['a/b', 'a/b'],
  ['../a b', '../a%20b'],
  ['', ''],
  ['#top', '#top'],
  ['?a=b', '?a=b'],
  ['mailto:a@b', 'mailto:a@b'],
  ['javascript:go()', 'javascript:go()'],
  ['HTTP://elsewhere', 'http://elsewhere'],
  ['a:b', 'a:b'],
  ['1:2', undefined],
  ['/%zz', undefined],
  [':', undefined],
])('%j leads to %j', (link, expected) => expect(throughProxy(link, passage)).toBe(expected));

const rewritten = (page: string) => rewriteLinks(page, (link) => throughProxy(link, passage));

test.each([
  ['<a href="/x">/x</a>', '<a href="/proxied/x">/x</a>'],
  ["<IMG SRC='/x' Alt=it's longdesc=/y />", '<img src="/proxied/x" alt="it&#39;s" longdesc="/proxied/y"/>'],
  ['<p class=a href=/x>', '<p class="a" href="/x">'],
  ['<a href="/x?a=1&amp;b=2">', '<a href="/proxied/x?a=1&amp;b=2">'],
  ['<a href="/%zz">', '<a href="/%zz">'],
  ['<!DOCTYPE html><!-- <a href="/x"> -->&lt;a href="/x">', '<!DOCTYPE html><!-- <a href="/x"> -->&lt;a href="/x">'],
  [
    '<script src=/x>if (a<b) "<a href=/y>"</script><a href=/z>',
    '<script src="/proxied/x">if (a<b) "<a href=/y>"</script><a href="/proxied/z">',
  ],
  ['<title><a href=/x></title><form action=/y>', '<title><a href=/x></title><form action="/proxied/y">'],
  ['a\r\n<br>é<a\r\nhref=/x>\r\n', 'a\r\n<br>é<a href="/proxied/x">\r\n'],
  ['<button formaction="/x"><video poster=/y>', '<button formaction="/proxied/x"><video poster="/proxied/y">'],
  ['no tags at all', 'no tags at all'],
])('%s', async (page, expected) => expect(await rewritten(page)).toBe(expected));
