// Strips the sources once at `npm ci`, into Node's compile cache, so that the first cluster starts as fast, and as small, as any later one.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../bin/portolan.js', import.meta.url));

try {
  execFileSync(process.execPath, [entry, 'serve', '--warm'], { stdio: 'ignore' });
} catch {
  // Only a convenience: whatever is wrong with the sources is told by the types and the tests.
}
