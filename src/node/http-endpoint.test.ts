import { expect, test } from 'vitest';
import { textOf, utf8 } from '../base/bytes.ts';
import { seededRandom } from '../base/random.ts';
import type { Container } from '../kinds/generated/types/core-v1.ts';
import { answerOf, httpOverBytes, listensAt } from './http-endpoint.ts';
import { newEntry } from './simulated-container.ts';
import { noMounts } from './runtime.ts';

const mounts = () => Promise.resolve(noMounts);

const get = { method: 'GET', path: '/x?y=z', headers: {}, body: new Uint8Array() };

function answer(behavior: string, age: number) {
  const container: Container = { name: 'c', image: 'nginx', readinessProbe: { httpGet: { port: 80 } } };
  const pod = {
    metadata: { name: 'web', namespace: 'a', annotations: { 'portolan.dev/behavior': behavior } },
    spec: { containers: [container] },
  };
  const entry = newEntry({
    id: 'i',
    pod,
    container,
    random: seededRandom(1),
    sandbox: 's',
    environment: {},
    mounts,
  });
  entry.startedAt = 1000;
  const given = answerOf(entry, get, 80, 1000 + age);
  return typeof given === 'string' ? given : { status: given.status, text: textOf(given.body) };
}

test('a container answers as its behaviour says', () => {
  expect(answer('', 0)).toEqual({
    status: 200,
    text: 'pod a/web, container c, image nginx, port 80\nGET /x?y=z\nThis container is simulated by Portolan: no program really runs here.\n',
  });
  expect(answer('slow-start 5s', 4999)).toBe('refused');
  expect(answer('slow-start 5s', 5000)).toMatchObject({ status: 200 });
  expect(answer('not-ready after 1m', 60_000)).toMatchObject({ status: 503 });
  expect(answer('hang after 1m', 60_000)).toBe('silent');
});

test.each<[Partial<Container>, number, boolean]>([
  [{ ports: [{ containerPort: 80 }] }, 80, true],
  [{ ports: [{ containerPort: 80 }] }, 81, false],
  [{ livenessProbe: { httpGet: { port: 9090 } } }, 9090, true],
  [{}, 1234, true],
  [{ command: ['sleep', 'infinity'] }, 1234, false],
])('%j at port %i: %s', (container, port, listens) => {
  expect(listensAt({ name: 'c', image: 'x', ...container }, port)).toBe(listens);
});

async function conversation(...pieces: readonly string[]): Promise<string> {
  const { input, output } = httpOverBytes(async ({ method, path, body }) => ({
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: utf8(`${method} ${path} ${textOf(body)}`),
  }));
  for (const piece of pieces) await output.write(utf8(piece));
  output.end();
  let text = '';
  for (let bytes = await input.read(); bytes; bytes = await input.read()) text += textOf(bytes);
  return text;
}

const bodiesIn = (text: string): string[] => text.split(/HTTP\/1\.1 \d+ [^\n]*\n(?:[\w-]+: [^\n]*\n)*\r?\n/).slice(1);

test('requests over one connection are answered in turn, however they are cut', async () => {
  const requests =
    'GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n';
  const whole = await conversation(requests);
  expect(bodiesIn(whole)).toEqual(['GET /a ', 'POST /b abc', 'POST /c de']);
  expect(await conversation(...requests)).toBe(whole);
});

test('what is no HTTP is told so, and the connection ends', async () => {
  expect(await conversation('SSH-2.0-x\r\n\r\n', 'more')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(await conversation('POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(await conversation(`GET /${'a'.repeat(70_000)}`)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await conversation('GET / HTTP/1.0\r\n\r\n')).toMatch(/connection: close\r\n/);
});
