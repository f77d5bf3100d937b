// Lines of the log.

import { expect, test } from 'vitest';
import { streamLog } from './log.ts';

test('a line has a time, a level, a message and fields', () => {
  const lines: string[] = [];
  const log = streamLog({ write: (text) => lines.push(text) }, { level: 'info', now: () => 0 });
  log.debug('not written');
  log.with({ name: 'web' }).warn('is\nslow', { after: 3, text: 'a b' });
  expect(lines).toEqual(['1970-01-01T00:00:00.000000Z warn  is slow name=web after=3 text="a b"\n']);
});
