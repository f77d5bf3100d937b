// When and how the user's own kubeconfig is touched: never in CI or under a test runner, where a private file does instead.

import { type Access, checkKubeconfig, mergeInto, removeFrom, userKubeconfig } from '../edge/kubeconfig.ts';
import { UserError } from './errors.ts';

const runners = ['VITEST', 'JEST_WORKER_ID', 'NODE_TEST_CONTEXT', 'BATS_TEST_FILENAME', 'PYTEST_CURRENT_TEST'];

export function isUnattended(environment: NodeJS.ProcessEnv): boolean {
  const ci = environment.CI ?? '';
  return (ci !== '' && ci !== 'false' && ci !== '0') || runners.some((name) => environment[name] !== undefined);
}

/** @throws UserError when a cluster's context could not join the user's kubeconfig later */
export function checkUserKubeconfig(): void {
  if (isUnattended(process.env)) return;
  try {
    checkKubeconfig(userKubeconfig(process.env));
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

export function joinUserKubeconfig(access: Access): void {
  if (!isUnattended(process.env)) mergeInto(userKubeconfig(process.env), access);
}

/** A file that cannot be read is no reason to keep a cluster: it is left alone, and said. */
export function leaveUserKubeconfig(cluster: string): void {
  if (isUnattended(process.env)) return;
  try {
    removeFrom(userKubeconfig(process.env), cluster);
  } catch (error) {
    console.error((error as Error).message);
  }
}
