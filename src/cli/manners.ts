// When the user's own kubeconfig may be touched: never in CI or under a test runner, where a private file does instead.

const runners = ['VITEST', 'JEST_WORKER_ID', 'NODE_TEST_CONTEXT', 'BATS_TEST_FILENAME', 'PYTEST_CURRENT_TEST'];

export function isUnattended(environment: NodeJS.ProcessEnv): boolean {
  const ci = environment.CI ?? '';
  return (ci !== '' && ci !== 'false' && ci !== '0') || runners.some((name) => environment[name] !== undefined);
}
