// Another API server's answer for an in-process caller: its JSON as an object, its watch as events, its refusal as a Status.

import { textOf } from '../../base/bytes.ts';
import type { ApiRequest, ApiResponse, WatchEvent, WatchSource } from '../../api/request.ts';
import { type Chunks, Unreachable, wholeBody } from '../outgoing/outgoing.ts';
import { refusalOf } from '../../api/refusal.ts';
import { isTrue } from '../resolve.ts';

const largestAnswer = 256 * 1024 * 1024;

/** @throws ApiError where the answer breaks off or is no JSON */
export async function inObjects(response: ApiResponse, { query }: ApiRequest): Promise<ApiResponse> {
  const { status, headers, body } = response;
  if (status < 400 && body.type === 'stream' && isTrue(query.get('watch')))
    return { status, headers, body: { type: 'events', events: eventsIn(body.chunks) } };
  const text = await textIn(response);
  if (status >= 400) return { status, headers, body: { type: 'object', object: refusalOf(status, text).status } };
  return { status, headers, body: { type: 'object', object: parsed(text) } };
}

async function textIn({ status, headers, body }: ApiResponse): Promise<string> {
  if (body.type === 'bytes') return textOf(body.bytes);
  if (body.type !== 'stream') return '';
  try {
    return textOf(await wholeBody({ status, headers, body: body.chunks }, largestAnswer));
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    throw refusalOf(503, error.message);
  }
}

function parsed(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    throw refusalOf(500, text);
  }
}

/** A watch's lines, each an event, as they come. What is no event ends the watch. */
function eventsIn(chunks: Chunks): WatchSource<WatchEvent> {
  return {
    subscribe(sink, end) {
      const decoder = new TextDecoder();
      let rest = '';
      let ended = false;
      const finish = () => {
        if (!ended) end();
        ended = true;
      };
      const stop = chunks.subscribe((parts) => {
        const lines = (rest + parts.map((part) => decoder.decode(part, { stream: true })).join('')).split('\n');
        rest = lines.pop() ?? '';
        const events = lines.filter((line) => line.trim() !== '').map(eventIn);
        const whole = events.filter((event) => event !== undefined);
        if (whole.length > 0 && !ended) sink(whole);
        if (whole.length === events.length) return;
        queueMicrotask(() => stop());
        finish();
      }, finish);
      return stop;
    },
  };
}

function eventIn(line: string): WatchEvent | undefined {
  try {
    return JSON.parse(line) as WatchEvent;
  } catch {
    return undefined;
  }
}
