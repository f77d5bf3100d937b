// Plays recorded requests against clusters of this checkout and prints the share answered as a real kube-apiserver 1.36 answered.
//   npm run fidelity                 every suite
//   npm run fidelity -- smoke api    some of them
//   npm run fidelity -- --floor      fails when a suite falls below its floor in tools/fidelity-floors.json
//   npm run fidelity -- --write      writes docs/fidelity.md: what differs, and why (tools/fidelity-reasons.ts)

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fidelityPage, type PlayedCase, type PlayedSuite, staleReasons, unexplainedIn } from './fidelity-page.ts';
import { reasons } from './fidelity-reasons.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const entry = join(root, 'bin', 'portolan.js');
const named = process.env.PORTOLAN_FIDELITY ?? join(root, '..', 'shared', 'fidelity');
const folder = existsSync(named) ? realpathSync(named) : named;
const floors = JSON.parse(readFileSync(new URL('./fidelity-floors.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, number>
>;

interface Suite {
  readonly name: string;
  /** Below cases/. */
  readonly cases: readonly string[];
  /** What the recorded server was, as options of `up`. */
  readonly options: readonly string[];
}

/** How many seconds an answer may take: a busy machine is no difference. */
const patience = '30';

const bare = ['--bare'];
const withControllers = ['--controllers-only', '--node-monitor-grace-period', '100h'];

/** What the files of the optional suite say that their server was started with. */
const optional = [
  '--runtime-config=api/beta=true,api/alpha=true',
  '--feature-gates=ClusterTrustBundle=true,PodCertificateRequest=true,GenericWorkload=true,StorageVersionMigrator=true,StorageVersionAPI=true,APIServerIdentity=true,CoordinatedLeaderElection=true,DRADeviceTaints=true,DRADeviceTaintRules=true,DRAResourcePoolStatus=true',
];

const suites: readonly Suite[] = [
  { name: 'smoke', cases: ['smoke.case'], options: withControllers },
  { name: 'api', cases: ['api/core', 'api/groups', 'api/machinery', 'api/extensions'], options: bare },
  { name: 'access', cases: ['access'], options: bare },
  { name: 'controllers', cases: ['controllers'], options: withControllers },
  { name: 'optional', cases: ['optional'], options: [...bare, ...optional] },
  { name: 'scheduler', cases: ['scheduler'], options: withControllers },
];

const tokens = [
  'admin-token,admin,admin-uid,"system:masters"',
  'alice-token,alice,alice-uid,"devs"',
  'bob-token,bob,bob-uid',
  '',
].join('\n');

interface Share {
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly PlayedCase[];
  /** What differs most, as the player counts it. */
  readonly causes: readonly string[];
}

async function play(suite: Suite): Promise<Share> {
  const home = mkdtempSync(join(tmpdir(), 'portolan-fidelity-'));
  const file = join(home, 'tokens.csv');
  writeFileSync(file, tokens);
  const env = { ...process.env, PORTOLAN_HOME: home, CI: '1' };
  const big = { env, maxBuffer: 256 * 1024 * 1024 };
  try {
    await run(process.execPath, [entry, 'up', 'fidelity', ...suite.options, '--token-auth-file', file], { env });
    const { stdout } = await run(process.execPath, [entry, 'status', 'fidelity', '-o', 'json'], { env });
    const { url } = JSON.parse(stdout) as { url: string };
    const paths = suite.cases.map((each) => join(folder, 'cases', each));
    const report = join(home, 'report.json');
    const played = await run(
      process.execPath,
      [join(folder, 'play.mjs'), 'play', ...paths, '--url', url, '--insecure', '--timeout', patience, '--json', report],
      big,
    ).catch((error: { stdout: string }) => error);
    const counted = shareOf(played.stdout);
    return { ...counted, ...(JSON.parse(readFileSync(report, 'utf8')) as Pick<Share, 'cases'>) };
  } finally {
    await run(process.execPath, [entry, 'down', 'fidelity'], { env }).catch(() => {});
    rmSync(home, { recursive: true, force: true });
  }
}

function shareOf(output: string): Omit<Share, 'cases'> {
  const last = /(\d+) passed, (\d+) failed\s*$/.exec(output);
  if (!last) throw new Error(`the player did not finish: ${output.slice(-500)}`);
  const causes = output
    .split('\n')
    .filter((line) => /^\s+\d+ differ at /.test(line))
    .map((line) => line.trim());
  return { passed: Number(last[1]), failed: Number(last[2]), causes: causes.slice(-10) };
}

/** Writes the page, and tells what nobody has explained yet. */
function write(played: readonly PlayedSuite[]): void {
  writeFileSync(join(root, 'docs', 'fidelity.md'), fidelityPage(played, reasons));
  for (const each of unexplainedIn(played, reasons)) console.log(`UNEXPLAINED ${each}`);
  for (const why of staleReasons(played, reasons)) console.log(`explains nothing any more: ${why}`);
}

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));

if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}. There are: ${suites.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
} else if (wanted.length > 0 && process.argv.includes('--write')) {
  console.error('The page is of all suites: leave their names out.');
  process.exitCode = 2;
} else if (!existsSync(folder)) {
  console.log(`fidelity: skipped, for the recorded cases are not here (${folder}; set PORTOLAN_FIDELITY)`);
} else {
  let below = 0;
  const all: PlayedSuite[] = [];
  for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const { passed, failed, causes, cases } = await play(suite);
    all.push({ ...suite, cases });
    const share = (passed / (passed + failed)) * 100;
    const floor = floors[suite.name] ?? 0;
    if (share < floor) below++;
    console.log(
      `${suite.name.padEnd(12)} ${share.toFixed(2).padStart(6)} %   ${passed} of ${passed + failed}   floor ${floor} %${share < floor ? '   BELOW' : ''}`,
    );
    for (const cause of causes.slice(0, 5)) console.log(`    ${cause}`);
  }
  if (process.argv.includes('--write')) write(all);
  if (process.argv.includes('--floor') && below > 0) process.exitCode = 1;
}
