// What is wrong with a pod's containers: the main ones, those that run before them, and those added for a look inside.

import {
  type Issue,
  duplicate,
  forbiddenField,
  invalid,
  notFoundValue,
  notSupported,
  required,
  tooLong,
} from '../../api/issues.ts';
import { isDns1123Label, isPortName, isPortNumber } from '../../base/names.ts';
import { backstepIssues, choiceIssues, complain, descendingPathIssues, notListed } from '../checks.ts';
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PodSpec,
  Volume,
  VolumeDevice,
  VolumeMount,
} from '../generated/types/core-v1.ts';
import { environmentFromIssues, environmentIssues } from './environment.ts';
import { containerProbeIssues, lifecycleIssues } from './probes.ts';
import { resizePolicyIssues, resourceIssues } from './resources.ts';
import { containerSecurityIssues } from './security.ts';

/** All containers of a pod. `field` is where the spec stands. */
export function containersIssues(spec: PodSpec, field: string): Issue[] {
  return [
    ...mainContainersIssues(spec, `${field}.containers`),
    ...initContainersIssues(spec, `${field}.initContainers`),
    ...ephemeralContainersIssues(spec, `${field}.ephemeralContainers`),
  ];
}

const gracePeriodOf = (spec: PodSpec): number => spec.terminationGracePeriodSeconds ?? 0;

function mainContainersIssues(spec: PodSpec, field: string): Issue[] {
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  const issues = containers.flatMap((container, i) => {
    const place = `${field}[${i}]`;
    const own = containerIssues(container, place, spec);
    if (names.has(container.name)) own.push(duplicate(`${place}.name`, container.name));
    names.add(container.name);
    return [
      ...own,
      ...lifecycleIssues(container.lifecycle, `${place}.lifecycle`, spec),
      ...containerProbeIssues(container, place, gracePeriodOf(spec)),
      ...restartIssues(container, place),
    ];
  });
  return [...issues, ...hostPortConflicts(containers, field)];
}

/** Containers that run before the main ones; those that restart Always run beside them and may have probes and hooks. */
function initContainersIssues(spec: PodSpec, field: string): Issue[] {
  const names = new Set((spec.containers ?? []).map((container) => container.name));
  return (spec.initContainers ?? []).flatMap((container, i) => {
    const place = `${field}[${i}]`;
    const issues = [...containerIssues(container, place, spec), ...initRestartIssues(container, place)];
    if (names.has(container.name)) issues.push(duplicate(`${place}.name`, container.name));
    else if (container.name) names.add(container.name);
    issues.push(...hostPortConflicts([container], field));
    if (container.restartPolicy === 'Always') {
      issues.push(...lifecycleIssues(container.lifecycle, `${place}.lifecycle`, spec));
      return [...issues, ...containerProbeIssues(container, place, gracePeriodOf(spec))];
    }
    return [...issues, ...notBeforeOthers(container, place), ...resizedByRestart(container, place)];
  });
}

/** A container that has ended is not restarted to be resized. */
const resizedByRestart = ({ resizePolicy = [] }: Container, field: string): Issue[] =>
  resizePolicy.flatMap(({ restartPolicy }, i) => {
    const rule = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    const place = `${field}.resizePolicy[${i}].restartPolicy`;
    return restartPolicy === 'RestartContainer' ? [invalid(place, restartPolicy, rule)] : [];
  });

const whileRunning = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

const notBeforeOthers = (container: Container, field: string): Issue[] =>
  whileRunning.flatMap((name) =>
    container[name]
      ? [forbiddenField(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always')]
      : [],
  );

/** What an ephemeral container cannot have, since its pod runs already. */
const notEphemeral = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
] as const;

function ephemeralContainersIssues(spec: PodSpec, field: string): Issue[] {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.name);
  const names = new Set(others);
  return (spec.ephemeralContainers ?? []).flatMap((container, i) => {
    const place = `${field}[${i}]`;
    const issues = [...containerIssues(container as Container, place, spec), ...paddedImageIssue(container, place)];
    if (names.has(container.name)) issues.push(duplicate(`${place}.name`, container.name));
    names.add(container.name);
    const { targetContainerName: target, restartPolicy } = container;
    if (target && !others.includes(target)) issues.push(notFoundValue(`${place}.targetContainerName`, target));
    if (restartPolicy !== undefined) {
      issues.push(forbiddenField(`${place}.restartPolicy`, 'may not be set for ephemeral containers'));
    }
    return [...issues, ...notEphemeralIssues(container, place)];
  });
}

function notEphemeralIssues(container: EphemeralContainer, field: string): Issue[] {
  const rule = 'cannot be set for an Ephemeral Container';
  const given = new Map<string, unknown>(Object.entries(container));
  const issues = notEphemeral.flatMap((name) =>
    Object.keys(given.get(name) ?? {}).length > 0 ? [forbiddenField(`${field}.${name}`, rule)] : [],
  );
  (container.volumeMounts ?? []).forEach((mount, i) => {
    for (const name of ['subPath', 'subPathExpr'] as const) {
      if (mount[name]) issues.push(forbiddenField(`${field}.volumeMounts[${i}].${name}`, rule));
    }
  });
  return issues;
}

/** What every container must be, whatever its sort. */
function containerIssues(container: Container, field: string, spec: PodSpec): Issue[] {
  const issues = container.name
    ? complain(`${field}.name`, container.name, isDns1123Label)
    : [required(`${field}.name`)];
  if (!container.image) issues.push(required(`${field}.image`));
  const claims = new Set((spec.resourceClaims ?? []).map((claim) => claim.name));
  return [
    ...issues,
    ...messagePolicyIssues(container.terminationMessagePolicy, `${field}.terminationMessagePolicy`),
    ...portsIssues(container.ports ?? [], `${field}.ports`),
    ...environmentIssues(container.env ?? [], `${field}.env`),
    ...environmentFromIssues(container.envFrom ?? [], `${field}.envFrom`),
    ...mountsIssues(container, field, spec.volumes ?? []),
    ...devicesIssues(container, field, spec.volumes ?? []),
    ...choiceIssues(container.imagePullPolicy, `${field}.imagePullPolicy`, ['Always', 'IfNotPresent', 'Never']),
    ...resourceIssues(container.resources, `${field}.resources`, claims),
    ...resizePolicyIssues(container.resizePolicy ?? [], `${field}.resizePolicy`, spec.restartPolicy),
    ...containerSecurityIssues(container.securityContext, `${field}.securityContext`, spec),
  ];
}

const messagePolicies = ['File', 'FallbackToLogsOnError'];

function messagePolicyIssues(policy: string | undefined, field: string): Issue[] {
  if (!policy) return [required(field)];
  return messagePolicies.includes(policy) ? [] : [notListed(field, policy, messagePolicies)];
}

const restartPolicies = ['Always', 'Never', 'OnFailure'];

function restartIssues({ restartPolicy, restartPolicyRules = [] }: Container, field: string): Issue[] {
  const issues: Issue[] = [];
  if (restartPolicy !== undefined && !restartPolicies.includes(restartPolicy)) {
    issues.push(notSupported(`${field}.restartPolicy`, restartPolicy, restartPolicies));
  }
  if (restartPolicyRules.length === 0) return issues;
  if (restartPolicyRules.length > 20) issues.push(tooLong(`${field}.restartPolicyRules`, 20));
  if (restartPolicy === undefined) {
    issues.push(required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  }
  restartPolicyRules.forEach(({ action, exitCodes }, i) => {
    const place = `${field}.restartPolicyRules[${i}]`;
    if (!['Restart', 'RestartAllContainers'].includes(action ?? '')) {
      issues.push(notSupported(`${place}.action`, action ?? '', ['Restart']));
    }
    if (!exitCodes) issues.push(required(`${place}.exitCodes`, 'must be specified'));
    else if (!['In', 'NotIn'].includes(exitCodes.operator ?? '')) {
      issues.push(notSupported(`${place}.exitCodes.operator`, exitCodes.operator ?? '', ['In', 'NotIn']));
    }
    if ((exitCodes?.values ?? []).length > 255) issues.push(tooLong(`${place}.exitCodes.values`, 255));
  });
  return issues;
}

/** What runs beside the others always restarts, without rules. */
function initRestartIssues(container: Container, field: string): Issue[] {
  const { restartPolicy, restartPolicyRules = [] } = container;
  if (restartPolicy === undefined) return [];
  if (restartPolicy !== 'Always') return restartIssues(container, field);
  if (restartPolicyRules.length === 0) return [];
  const rule = 'restartPolicyRules are not allowed for init containers with restart policy Always';
  return [forbiddenField(`${field}.restartPolicyRules`, rule)];
}

function portsIssues(ports: readonly ContainerPort[], field: string): Issue[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const place = `${field}[${i}]`;
    const issues = port.name ? complain(`${place}.name`, port.name, isPortName) : [];
    if (port.name && issues.length === 0) {
      if (names.has(port.name)) issues.push(duplicate(`${place}.name`, port.name));
      names.add(port.name);
    }
    if (!port.containerPort) issues.push(required(`${place}.containerPort`));
    else issues.push(...complain(`${place}.containerPort`, port.containerPort, isPortNumber));
    if (port.hostPort) issues.push(...complain(`${place}.hostPort`, port.hostPort, isPortNumber));
    return [...issues, ...choiceIssues(port.protocol, `${place}.protocol`, ['SCTP', 'TCP', 'UDP'])];
  });
}

/** A port of the host can be had once per protocol and address. */
function hostPortConflicts(containers: readonly Container[], field: string): Issue[] {
  const taken = new Set<string>();
  return containers.flatMap((container, i) =>
    (container.ports ?? []).flatMap((port, j) => {
      if (!port.hostPort) return [];
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) return [duplicate(`${field}[${i}].ports[${j}].hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}

function mountsIssues(container: Container, field: string, volumes: readonly Volume[]): Issue[] {
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container;
  const paths = new Set<string>();
  return mounts.flatMap((mount, i) => {
    const place = `${field}.volumeMounts[${i}]`;
    const issues: Issue[] = mount.name ? [] : [required(`${place}.name`)];
    if (!volumes.some((volume) => volume.name === mount.name)) issues.push(notFoundValue(`${place}.name`, mount.name));
    if (!mount.mountPath) issues.push(required(`${place}.mountPath`));
    if (paths.has(mount.mountPath)) issues.push(invalid(`${place}.mountPath`, mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (devices.some((device) => device.name === mount.name)) {
      issues.push(invalid(`${place}.name`, mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mount.mountPath)) {
      issues.push(invalid(`${place}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'));
    }
    return [...issues, ...mountOptionIssues(mount, place, container)];
  });
}

/** Kubernetes names the paths below a volume without saying which mount they belong to. */
function mountOptionIssues(mount: VolumeMount, place: string, container: Container): Issue[] {
  const list = place.slice(0, place.lastIndexOf('['));
  const issues = mount.subPath ? descendingPathIssues(mount.subPath, `${list}.subPath`) : [];
  if (mount.subPathExpr) {
    if (mount.subPath) {
      const rule = 'subPathExpr and subPath are mutually exclusive';
      issues.push(invalid(`${place}.subPathExpr`, mount.subPathExpr, rule));
    }
    issues.push(...descendingPathIssues(mount.subPathExpr, `${list}.subPathExpr`));
  }
  issues.push(...propagationIssues(mount, `${list}.mountPropagation`, container));
  return [...issues, ...recursiveReadOnlyIssues(mount, `${list}.recursiveReadOnly`)];
}

function propagationIssues({ mountPropagation }: VolumeMount, field: string, container: Container): Issue[] {
  if (mountPropagation === undefined) return [];
  const issues = ['Bidirectional', 'HostToContainer', 'None'].includes(mountPropagation)
    ? []
    : [notSupported(field, mountPropagation, ['Bidirectional', 'HostToContainer', 'None'])];
  if (mountPropagation === 'Bidirectional' && !container.securityContext?.privileged) {
    const rule = 'Bidirectional mount propagation is available only to privileged containers';
    issues.push(forbiddenField(field, rule));
  }
  return issues;
}

function recursiveReadOnlyIssues(mount: VolumeMount, field: string): Issue[] {
  const { recursiveReadOnly: mode, readOnly, mountPropagation } = mount;
  if (mode === undefined || mode === 'Disabled') return [];
  if (mode !== 'Enabled' && mode !== 'IfPossible') {
    return [notSupported(field, mode, ['Disabled', 'Enabled', 'IfPossible'])];
  }
  const issues = readOnly ? [] : [forbiddenField(field, 'may only be specified when readOnly is true')];
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    const rule = 'may only be specified when mountPropagation is None or not specified';
    issues.push(forbiddenField(field, rule));
  }
  return issues;
}

function devicesIssues(container: Container, field: string, volumes: readonly Volume[]): Issue[] {
  const names = new Set<string>();
  const paths = new Set<string>();
  return (container.volumeDevices ?? []).flatMap((device, i) => {
    const place = `${field}.volumeDevices[${i}]`;
    const issues = deviceNameIssues(device, `${place}.name`, volumes, names);
    if (!device.devicePath) issues.push(required(`${place}.devicePath`));
    if (paths.has(device.devicePath)) issues.push(invalid(`${place}.devicePath`, device.devicePath, 'must be unique'));
    if (device.devicePath && backstepIssues(device.devicePath, place).length > 0) {
      issues.push(invalid(`${place}.devicePath`, device.devicePath, "can not contain backsteps ('..')"));
    } else paths.add(device.devicePath);
    names.add(device.name);
    return [...issues, ...mountedTooIssues(device, place, container.volumeMounts ?? [])];
  });
}

function deviceNameIssues(
  { name }: VolumeDevice,
  field: string,
  volumes: readonly Volume[],
  names: ReadonlySet<string>,
): Issue[] {
  const issues: Issue[] = name ? [] : [required(field)];
  if (names.has(name)) issues.push(invalid(field, name, 'must be unique'));
  const volume = volumes.find((each) => each.name === name);
  if (!volume) issues.push(notFoundValue(field, name));
  else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
    const rule = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
    issues.push(invalid(field, name, rule));
  }
  return issues;
}

function mountedTooIssues({ name, devicePath }: VolumeDevice, field: string, mounts: readonly VolumeMount[]): Issue[] {
  const issues: Issue[] = [];
  if (mounts.some((mount) => mount.name === name)) {
    issues.push(invalid(`${field}.name`, name, 'must not already exist in volumeMounts'));
  }
  if (mounts.some((mount) => mount.mountPath === devicePath)) {
    issues.push(invalid(`${field}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'));
  }
  return issues;
}

/** Templates may name images with spaces around them; pods may not. */
export function paddedImageIssues(containers: readonly Container[], field: string): Issue[] {
  return containers.flatMap((container, i) => paddedImageIssue(container, `${field}[${i}]`));
}

const paddedImageIssue = ({ image = '' }: { readonly image?: string }, field: string): Issue[] =>
  image.trim() === image ? [] : [invalid(`${field}.image`, image, 'must not have leading or trailing whitespace')];
