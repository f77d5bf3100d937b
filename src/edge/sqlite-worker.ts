// The thread that holds the store's SQLite file open and waits for the disk, so that nobody else has to.

import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, type FileWriter, openWriter } from './sqlite-file.ts';

export type Request =
  /** Takes the file; answered with its newest revision. */
  { readonly do: 'open' } | { readonly do: 'write'; readonly batch: Batch } | { readonly do: 'close' };

/** Every request has one answer. */
export type Answer =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly message: string };

function serve(port: NonNullable<typeof parentPort>, file: string): void {
  let writer: FileWriter | undefined;

  function carryOut(request: Request): number {
    if (request.do === 'open') writer = openWriter(file);
    else if (request.do === 'write') writer?.write(request.batch);
    else writer?.close();
    return writer?.revision ?? 0;
  }

  port.on('message', (request: Request) => {
    let answer: Answer;
    try {
      answer = { ok: true, revision: carryOut(request) };
    } catch (error) {
      answer = { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(answer);
    if (request.do === 'close') port.close();
  });
}

if (parentPort) serve(parentPort, (workerData as { readonly file: string }).file);
