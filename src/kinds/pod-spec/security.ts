// What is wrong with security contexts, of pods and of containers, on Linux and on Windows.

import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { choiceIssues, complain, descendingPathIssues, isNumericId } from '../checks.ts';
import type {
  AppArmorProfile,
  Container,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
  WindowsSecurityContextOptions,
} from '../generated/types/core-v1.ts';
import { internalSecurityContext } from './internal-form.ts';

const idIssues = (field: string, id: number | undefined): Issue[] =>
  id === undefined ? [] : complain(field, id, isNumericId);

export function containerSecurityIssues(context: SecurityContext | undefined, field: string, spec: PodSpec): Issue[] {
  if (!context) return [];
  return [
    ...idIssues(`${field}.runAsUser`, context.runAsUser),
    ...idIssues(`${field}.runAsGroup`, context.runAsGroup),
    ...procMountIssues(context.procMount, `${field}.procMount`, spec),
    ...seccompIssues(context.seccompProfile, `${field}.seccompProfile`),
    ...escalationIssues(context, field),
    ...windowsOptionsIssues(context.windowsOptions, `${field}.windowsOptions`),
    ...appArmorIssues(context.appArmorProfile, `${field}.appArmorProfile`),
  ];
}

function procMountIssues(procMount: string | undefined, field: string, spec: PodSpec): Issue[] {
  if (procMount === undefined) return [];
  const issues = choiceIssues(procMount, field, ['Default', 'Unmasked']);
  if (procMount === 'Unmasked' && spec.hostUsers !== false) {
    issues.push(invalid(field, procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  return issues;
}

/** Who is privileged can always escalate. */
function escalationIssues(context: SecurityContext, field: string): Issue[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const refuse = (what: string) =>
    invalid(field, internalSecurityContext(context), `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
  const issues = context.privileged ? [refuse('`privileged` to true')] : [];
  const added = context.capabilities?.add ?? [];
  return added.includes('CAP_SYS_ADMIN') ? [...issues, refuse('`capabilities.Add` CAP_SYS_ADMIN')] : issues;
}

export function seccompIssues(profile: SeccompProfile | undefined, field: string): Issue[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const issues = type
    ? choiceIssues(type, `${field}.type`, ['Localhost', 'RuntimeDefault', 'Unconfined'])
    : [required(`${field}.type`, 'type is required when seccompProfile is set')];
  const place = `${field}.localhostProfile`;
  if (type === 'Localhost') {
    if (localhostProfile === undefined) issues.push(required(place, 'must be set when seccomp type is Localhost'));
    else issues.push(...descendingPathIssues(localhostProfile, place));
  } else if (localhostProfile !== undefined) {
    const shown = { Type: type, LocalhostProfile: localhostProfile };
    issues.push(invalid(place, shown, 'can only be set when seccomp type is Localhost'));
  }
  return issues;
}

export function appArmorIssues(profile: AppArmorProfile | undefined, field: string): Issue[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const place = `${field}.localhostProfile`;
  if (type === 'Localhost') return localProfileIssues(localhostProfile, place);
  if (type === 'RuntimeDefault' || type === 'Unconfined') {
    return localhostProfile === undefined
      ? []
      : [invalid(place, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  }
  return type
    ? choiceIssues(type, `${field}.type`, ['Localhost', 'RuntimeDefault', 'Unconfined'])
    : [required(`${field}.type`, 'type is required when appArmorProfile is set')];
}

function localProfileIssues(profile: string | undefined, field: string): Issue[] {
  const name = profile?.trim();
  if (profile !== undefined && name !== profile) {
    return [invalid(field, profile, 'must not be padded with whitespace')];
  }
  return name ? [] : [required(field, 'must be set when AppArmor type is Localhost')];
}

function windowsOptionsIssues(options: WindowsSecurityContextOptions | undefined, field: string): Issue[] {
  if (!options) return [];
  const issues: Issue[] = [];
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  if (specName !== undefined) issues.push(...complain(`${field}.gmsaCredentialSpecName`, specName, isDns1123Subdomain));
  if (spec === '') {
    issues.push(invalid(`${field}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'));
  }
  if (spec !== undefined && spec.length > 65_536) {
    issues.push(invalid(`${field}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec size must be under 64 KiB'));
  }
  if (user !== undefined) issues.push(...complain(`${field}.runAsUserName`, user, windowsUserComplaints));
  return issues;
}

/** `DOMAIN\user` or `user`, as Windows takes them. */
function windowsUserComplaints(text: string): string[] {
  if (text === '') return ['runAsUserName cannot be an empty string'];
  const complaints: string[] = [];
  if (Array.from(text).some((sign) => sign < ' ' || sign === '\u007f')) {
    complaints.push('runAsUserName cannot contain control characters');
  }
  const parts = text.split('\\');
  if (parts.length > 2) return [...complaints, 'runAsUserName cannot contain more than one backslash'];
  const [user = '', domain] = [parts.at(-1), parts.length === 2 ? parts[0] : undefined];
  if (domain !== undefined) complaints.push(...windowsDomainComplaints(domain));
  if (user.length > 104) {
    complaints.push("runAsUserName's User length must not be longer than 104 characters");
  }
  if (/["/\\[\]:;|=,+*?<>@]/.test(user)) {
    complaints.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
  if (/^[. ]+$/.test(user)) complaints.push("runAsUserName's User cannot contain only periods or spaces");
  if (user === '') complaints.push("runAsUserName's User cannot be empty");
  return complaints;
}

function windowsDomainComplaints(domain: string): string[] {
  if (domain.length > 255) return ["runAsUserName's Domain length must be under 256 characters"];
  if (/^[^\\/:*?"<>|.][^\\/:*?"<>|]*$/.test(domain) || /^[a-zA-Z0-9][-a-zA-Z0-9.]*[a-zA-Z0-9]$/.test(domain)) return [];
  return ["runAsUserName's Domain doesn't match the NetBios nor the DNS format"];
}

export function podSecurityIssues(spec: PodSpec, field: string): Issue[] {
  const context = spec.securityContext ?? {};
  const place = `${field}.securityContext`;
  return [
    ...idIssues(`${place}.fsGroup`, context.fsGroup),
    ...idIssues(`${place}.runAsUser`, context.runAsUser),
    ...idIssues(`${place}.runAsGroup`, context.runAsGroup),
    ...(context.supplementalGroups ?? []).flatMap((id, i) => idIssues(`${place}.supplementalGroups[${i}]`, id)),
    ...sharedNamespaceIssues(spec, place),
    ...sysctlIssues(spec, `${place}.sysctls`),
    ...policyIssues(context, place),
    ...seccompIssues(context.seccompProfile, `${place}.seccompProfile`),
    ...windowsOptionsIssues(context.windowsOptions, `${place}.windowsOptions`),
    ...appArmorIssues(context.appArmorProfile, `${place}.appArmorProfile`),
  ];
}

/** On the host's network a port is a port of the host. */
export function hostPortIssues(spec: PodSpec, field: string): Issue[] {
  if (!spec.hostNetwork) return [];
  const rule = 'must match `containerPort` when `hostNetwork` is true';
  return (spec.containers ?? []).flatMap((container, i) =>
    (container.ports ?? []).flatMap((port, j) =>
      !port.hostPort || port.hostPort === port.containerPort
        ? []
        : [invalid(`${field}.containers[${i}].ports[${j}].hostPort`, port.hostPort, rule)],
    ),
  );
}

function sharedNamespaceIssues(spec: PodSpec, field: string): Issue[] {
  if (!spec.shareProcessNamespace || !spec.hostPID) return [];
  const rule = 'ShareProcessNamespace and HostPID cannot both be enabled';
  return [invalid(`${field}.shareProcessNamespace`, true, rule)];
}

function policyIssues(context: PodSecurityContext, field: string): Issue[] {
  const policies: [string, string | undefined, string[]][] = [
    ['supplementalGroupsPolicy', context.supplementalGroupsPolicy, ['Merge', 'Strict']],
    ['fsGroupChangePolicy', context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']],
    ['seLinuxChangePolicy', context.seLinuxChangePolicy, ['MountOption', 'Recursive']],
  ];
  return policies.flatMap(([name, value, choices]) =>
    value === undefined ? [] : choiceIssues(value, `${field}.${name}`, choices),
  );
}

const sysctlSegment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlFormat = `(${sysctlSegment}[\\./])*${sysctlSegment}`;

function sysctlIssues(spec: PodSpec, field: string): Issue[] {
  const seen = new Set<string>();
  return (spec.securityContext?.sysctls ?? []).flatMap((sysctl, i) => {
    const place = `${field}[${i}]`;
    const issues = sysctlNameIssues(sysctl, place, spec);
    if (seen.has(sysctl.name))
      issues.push({
        type: 'duplicate',
        field: `${place}.name`,
        message: `Duplicate value: ${JSON.stringify(sysctl.name)}`,
      });
    seen.add(sysctl.name);
    return issues;
  });
}

function sysctlNameIssues({ name }: Sysctl, field: string, spec: PodSpec): Issue[] {
  if (!name) return [required(`${field}.name`)];
  if (name.length > 253 || !new RegExp(`^${sysctlFormat}$`).test(name)) {
    const rule = `must have at most 253 characters and match regex ^${sysctlFormat}$`;
    return [invalid(`${field}.name`, name, rule)];
  }
  const dotted = name.replaceAll('/', '.');
  if (spec.hostNetwork && dotted.startsWith('net.')) {
    return [invalid(`${field}.name`, name, "may not be specified when 'hostNetwork' is true")];
  }
  if (spec.hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted)) {
    return [invalid(`${field}.name`, name, "may not be specified when 'hostIPC' is true")];
  }
  return [];
}

/** A pod of Windows host processes is that altogether, and on the host's network. */
export function hostProcessIssues(spec: PodSpec, field: string): Issue[] {
  const forPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = everyContainer(spec, field);
  const issues: Issue[] = [];
  let count = 0;
  for (const [container, place] of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (own ?? forPod) count++;
    if (own !== undefined && forPod !== undefined && own !== forPod) {
      const rule = `pod hostProcess value must be identical if both are specified, was ${forPod}`;
      issues.push(invalid(`${place}.securityContext.windowsOptions.hostProcess`, own, rule));
    }
  }
  if (count === 0) return issues;
  if (count < containers.length) {
    const rule = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    issues.push(invalid(field, '', rule));
  }
  if (!spec.hostNetwork) {
    const rule = 'hostNetwork must be true if pod contains any hostProcess containers';
    issues.push(invalid(`${field}.hostNetwork`, false, rule));
  }
  return issues;
}

/** Containers of all three sorts with the places they stand at, init containers first. */
export function everyContainer(spec: PodSpec, field: string): [Container, string][] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, i): [Container, string] => [container, `${field}.${list}[${i}]`]),
  );
}

/** A pod with its own users shares no other namespace with its host. */
export function userNamespaceIssues(spec: PodSpec, field: string): Issue[] {
  if (spec.hostUsers !== false) return [];
  const shared = [
    ['hostNetwork', spec.hostNetwork],
    ['HostPID', spec.hostPID],
    ['HostIPC', spec.hostIPC],
  ] as const;
  const issues = shared.flatMap(([name, given]) =>
    given ? [forbiddenField(`${field}.${name}`, 'when `hostUsers` is false')] : [],
  );
  for (const [container, place] of everyContainer(spec, field)) {
    if ((container.volumeDevices ?? []).length === 0) continue;
    const rule = 'when `hostUsers` is false';
    issues.push(forbiddenField(`${place}.volumeDevices`, rule));
  }
  return issues;
}

/** What one operating system has and the other has not. */
export function operatingSystemIssues(spec: PodSpec, field: string): Issue[] {
  if (!spec.os) return [];
  const { name } = spec.os;
  if (!name) return [required(`${field}.os.name`)];
  if (name === 'linux') return linuxIssues(spec, field);
  if (name === 'windows') return windowsIssues(spec, field);
  return choiceIssues(name, `${field}.os`, ['linux', 'windows']);
}

function linuxIssues(spec: PodSpec, field: string): Issue[] {
  const rule = 'windows options cannot be set for a linux pod';
  const refuse = (place: string) => forbiddenField(`${place}.securityContext.windowsOptions`, rule);
  return [
    ...(spec.securityContext?.windowsOptions ? [refuse(field)] : []),
    ...everyContainer(spec, field).flatMap(([container, place]) =>
      container.securityContext?.windowsOptions ? [refuse(place)] : [],
    ),
  ];
}

function windowsIssues(spec: PodSpec, field: string): Issue[] {
  const pod = spec.securityContext ?? {};
  const security = (name: keyof PodSecurityContext): [string, boolean] => [`securityContext.${name}`, isSet(pod[name])];
  const given: [string, boolean][] = [
    security('appArmorProfile'),
    security('seLinuxOptions'),
    ['hostUsers', spec.hostUsers !== undefined],
    ['hostPID', spec.hostPID === true],
    ['hostIPC', spec.hostIPC === true],
    security('seccompProfile'),
    security('fsGroup'),
    security('fsGroupChangePolicy'),
    security('sysctls'),
    ['shareProcessNamespace', spec.shareProcessNamespace !== undefined],
    ...(
      ['runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'] as const
    ).map(security),
  ];
  return [
    ...given.flatMap(([name, present]) => (present ? [notOnWindows(`${field}.${name}`)] : [])),
    ...everyContainer(spec, field).flatMap(([container, place]) => windowsContainerIssues(container, place)),
  ];
}

const linuxOnly = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

const windowsContainerIssues = ({ securityContext }: Container, field: string): Issue[] =>
  linuxOnly.flatMap((name) =>
    isSet(securityContext?.[name]) ? [notOnWindows(`${field}.securityContext.${name}`)] : [],
  );

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

const notOnWindows = (field: string): Issue => forbiddenField(field, 'cannot be set for a windows pod');
