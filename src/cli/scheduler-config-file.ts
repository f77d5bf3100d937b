// A file with a KubeSchedulerConfiguration, as kube-scheduler takes it with --config.

import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { ConfigurationError } from '../scheduler/configuration/configuration-error.ts';
import { readConfiguration } from '../scheduler/configuration/read.ts';
import { UserError } from './errors.ts';

/** What the file holds, which readConfiguration accepts. @throws UserError */
export function readSchedulerConfig(file: string): unknown {
  try {
    const document = load(readFileSync(file, 'utf8'));
    readConfiguration(document);
    return document;
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UserError(`--scheduler-config: ${file}: ${error.message}`);
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code ? `cannot be read (${code})` : `is not valid YAML: ${message.split('\n', 1)[0]}`;
    throw new UserError(`--scheduler-config: ${file} ${problem}`);
  }
}
