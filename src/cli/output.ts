// The forms in which commands answer: text for people, JSON for programs.

import { UserError } from './errors.ts';

export function formatOf({ output }: Record<string, unknown>): 'text' | 'json' {
  if (output === 'text' || output === 'json') return output;
  throw new UserError(`--output: there is no format ${JSON.stringify(output)}; choose text or json`);
}
