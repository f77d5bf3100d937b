// What is wrong with probes and lifecycle hooks, and with the actions both are made of.

import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { isHttpHeaderName, isPortName, isPortNumber } from '../../base/names.ts';
import { complain, nonNegative } from '../checks.ts';
import type {
  Container,
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Lifecycle,
  PodSpec,
  Probe,
  SleepAction,
  TCPSocketAction,
} from '../generated/types/core-v1.ts';

/** The probes a container has, each by its own rules. */
export function containerProbeIssues(container: Container, field: string, gracePeriod: number): Issue[] {
  return [
    ...livenessIssues(container.livenessProbe, `${field}.livenessProbe`, gracePeriod),
    ...readinessIssues(container.readinessProbe, `${field}.readinessProbe`, gracePeriod),
    ...livenessIssues(container.startupProbe, `${field}.startupProbe`, gracePeriod),
  ];
}

/** Liveness and startup probes succeed at once. */
function livenessIssues(probe: Probe | undefined, field: string, gracePeriod: number): Issue[] {
  if (!probe) return [];
  const issues = probeIssues(probe, field, gracePeriod);
  if (probe.successThreshold !== 1) {
    issues.push(invalid(`${field}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'));
  }
  return issues;
}

function readinessIssues(probe: Probe | undefined, field: string, gracePeriod: number): Issue[] {
  if (!probe) return [];
  const issues = probeIssues(probe, field, gracePeriod);
  const { terminationGracePeriodSeconds: grace } = probe;
  if (grace !== undefined) {
    const rule = 'must not be set for readinessProbes';
    issues.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, rule));
  }
  return issues;
}

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function probeIssues(probe: Probe, field: string, gracePeriod: number): Issue[] {
  const issues = handlerIssues(probe, field, gracePeriod);
  for (const name of counts) issues.push(...nonNegative(`${field}.${name}`, probe[name] ?? 0));
  const { terminationGracePeriodSeconds: grace } = probe;
  if (grace !== undefined && grace <= 0) {
    issues.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  }
  return issues;
}

export function lifecycleIssues(lifecycle: Lifecycle | undefined, field: string, spec: PodSpec): Issue[] {
  if (!lifecycle) return [];
  const { terminationGracePeriodSeconds: gracePeriod = 0 } = spec;
  const { stopSignal } = lifecycle;
  return [
    ...(lifecycle.postStart ? handlerIssues(lifecycle.postStart, `${field}.postStart`, gracePeriod) : []),
    ...(lifecycle.preStop ? handlerIssues(lifecycle.preStop, `${field}.preStop`, gracePeriod) : []),
    ...(stopSignal === undefined ? [] : signalIssues(stopSignal, `${field}.stopSignal`, spec.os?.name)),
  ];
}

const realTimeSignals = [
  ...Array.from({ length: 15 }, (_, i) => `SIGRTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `SIGRTMAX-${i + 1}`),
];
const signals: Readonly<Record<string, readonly string[]>> = {
  windows: ['SIGKILL', 'SIGTERM'],
  linux: [
    ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
      .split(' ')
      .map((name) => `SIG${name}`),
    ...realTimeSignals,
  ],
};

/** Which signals there are depends on the operating system, which must be said. */
function signalIssues(signal: string, field: string, system: string | undefined): Issue[] {
  if (system === undefined) {
    return [forbiddenField(field, 'may not be set for containers with empty `spec.os.name`')];
  }
  const known = signals[system];
  return !known || known.includes(signal) ? [] : [notSupported(field, signal, known)];
}

interface Handler {
  readonly exec?: ExecAction;
  readonly httpGet?: HTTPGetAction;
  readonly tcpSocket?: TCPSocketAction;
  readonly grpc?: GRPCAction;
  readonly sleep?: SleepAction;
}

/** Exactly one action, and that a good one. */
function handlerIssues(handler: Handler, field: string, gracePeriod: number): Issue[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const actions: [string, Issue[] | undefined][] = [
    ['exec', exec && execIssues(exec, `${field}.exec`)],
    ['httpGet', httpGet && httpIssues(httpGet, `${field}.httpGet`)],
    ['tcpSocket', tcpSocket && portIssues(tcpSocket.port, `${field}.tcpSocket.port`)],
    ['grpc', grpc && complain(`${field}.grpc.port`, grpc.port, isPortNumber)],
    ['sleep', sleep && sleepIssues(sleep, `${field}.sleep`, gracePeriod)],
  ];
  const given = actions.filter(([, issues]) => issues !== undefined);
  if (given.length === 0) return [required(field, 'must specify a handler type')];
  return given.flatMap(([name, issues = []], i) =>
    i === 0 ? issues : [forbiddenField(`${field}.${name}`, 'may not specify more than 1 handler type')],
  );
}

const execIssues = (action: ExecAction, field: string): Issue[] =>
  (action.command ?? []).length === 0 ? [required(`${field}.command`)] : [];

function httpIssues(action: HTTPGetAction, field: string): Issue[] {
  const issues = action.path ? [] : [required(`${field}.path`)];
  issues.push(...portIssues(action.port, `${field}.port`));
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') {
    issues.push(notSupported(`${field}.scheme`, action.scheme ?? '', ['HTTP', 'HTTPS']));
  }
  for (const header of action.httpHeaders ?? []) {
    issues.push(...complain(`${field}.httpHeaders`, header.name, isHttpHeaderName));
  }
  return issues;
}

/** A port by number or by name. */
export function portIssues(port: number | string | undefined, field: string): Issue[] {
  return typeof port === 'string' ? complain(field, port, isPortName) : complain(field, port ?? 0, isPortNumber);
}

function sleepIssues({ seconds }: SleepAction, field: string, gracePeriod: number): Issue[] {
  if (seconds >= 0 && seconds <= gracePeriod) return [];
  const rule = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
  return [invalid(field, seconds, rule)];
}
