// What this server says of itself at /version.

/** The version this server says it is. */
export const kubernetesVersion = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.1',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-05-12T00:00:00Z',
  goVersion: 'none (Portolan)',
  compiler: 'v8',
  platform: 'linux/amd64',
} as const;
