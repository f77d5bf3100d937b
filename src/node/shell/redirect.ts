// Where a command's streams lead once its redirections are followed: files, other streams, nowhere.

import { concat, utf8 } from '../../base/bytes.ts';
import { expandWord, type OutputOf } from './expand.ts';
import { absolute, FileFault, mostBytes } from './files.ts';
import type { Redirect } from './syntax.ts';
import { emptyInput, type Input, inputOf, nowhere, type Output, type Task } from './task.ts';

/** A task with its streams turned as the redirections say; undefined when one of the files cannot be opened. */
export async function redirect(
  redirects: readonly Redirect[],
  task: Task,
  outputOf: OutputOf,
): Promise<{ readonly task: Task; finish(): void } | undefined> {
  const streams = { stdin: task.stdin, stdout: task.stdout, stderr: task.stderr };
  const finishes: (() => void)[] = [];
  for (const { descriptor, mode, target } of redirects) {
    const [name = ''] = await expandWord(target, task, { split: false, outputOf });
    try {
      if (mode === '&') {
        const from = name === '2' ? streams.stderr : streams.stdout;
        if (descriptor === 2) streams.stderr = from;
        else streams.stdout = from;
      } else if (mode === '<') streams.stdin = readFrom(name, task);
      else {
        const { output, finish } = writeTo(name, mode === '>>', task);
        finishes.push(finish);
        if (descriptor === 2) streams.stderr = output;
        else streams.stdout = output;
      }
    } catch (error) {
      if (!(error instanceof FileFault)) throw error;
      await task.stderr.write(`sh: can't ${mode === '<' ? 'open' : 'create'} ${name}: ${error.message}\n`);
      return undefined;
    }
  }
  if (redirects.length === 0) return { task, finish: () => {} };
  return { task: { ...task, ...streams }, finish: () => finishes.forEach((each) => each()) };
}

function readFrom(name: string, task: Task): Input {
  if (name === '/dev/null') return emptyInput;
  const bytes = task.machine.files.read(absolute(name, task.state.folder));
  let given = false;
  return inputOf({
    read: () => Promise.resolve(given || bytes.length === 0 ? undefined : ((given = true), bytes)),
    cancel: () => {},
  });
}

function writeTo(name: string, append: boolean, task: Task): { output: Output; finish(): void } {
  if (name === '/dev/null') return { output: nowhere, finish: () => {} };
  if (name === '/dev/stdout') return { output: task.stdout, finish: () => {} };
  if (name === '/dev/stderr') return { output: task.stderr, finish: () => {} };
  const { files } = task.machine;
  const path = absolute(name, task.state.folder);
  const parts: Uint8Array[] = append && files.find(path) ? [files.read(path)] : [];
  files.write(path, concat(...parts));
  let size = 0;
  const output: Output = {
    write(content) {
      const bytes = typeof content === 'string' ? utf8(content) : content;
      size += bytes.length;
      if (size > mostBytes) throw new FileFault('No space left on device');
      parts.push(bytes);
      return Promise.resolve();
    },
    isClosed: () => false,
  };
  return { output, finish: () => files.write(path, concat(...parts)) };
}
