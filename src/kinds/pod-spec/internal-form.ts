// Pod specs as the API server holds them inside, where it shows that form to clients: in refusals that print a whole value.

import type {
  EphemeralContainer,
  PersistentVolumeClaimSpec,
  PodSpec,
  PodTemplateSpec,
  SecurityContext,
} from '../generated/types/core-v1.ts';

/** What a field's value is when it is not given, or of what shape it is when it is. */
type Form = 'null' | '""' | '0' | 'false' | Struct | readonly [Struct];
type Struct = readonly (readonly [name: string, form?: Form])[];

const object = (...names: readonly (string | readonly [string, Form])[]): Struct =>
  names.map((each) => (typeof each === 'string' ? ([each] as const) : each));

const text = (...names: string[]): (readonly [string, Form])[] => names.map((name) => [name, '""'] as const);

const localReference = object(...text('Name'));
const keySelector = object(...text('Name', 'Key'), 'Optional');
const optionalReference = object(...text('Name'), 'Optional');
const seLinux = object(...text('User', 'Role', 'Type', 'Level'));
const windows = object('GMSACredentialSpecName', 'GMSACredentialSpec', 'RunAsUserName', 'HostProcess');
const profile = object(...text('Type'), 'LocalhostProfile');
const resources = object('Limits', 'Requests', ['Claims', [object(...text('Name', 'Request'))]]);
const selectorExpression = object(...text('key', 'operator'), 'values');

const securityContext = object(
  ['Capabilities', object('Add', 'Drop')],
  'Privileged',
  ['SELinuxOptions', seLinux],
  ['WindowsOptions', windows],
  'RunAsUser',
  'RunAsGroup',
  'RunAsNonRoot',
  'ReadOnlyRootFilesystem',
  'AllowPrivilegeEscalation',
  'ProcMount',
  ['SeccompProfile', profile],
  ['AppArmorProfile', profile],
);

const httpGet = object(...text('Path'), ['Port', '0'], ...text('Host', 'Scheme'), [
  'HTTPHeaders',
  [object(...text('Name', 'Value'))],
]);

const actions = [
  ['Exec', object('Command')],
  ['HTTPGet', httpGet],
  ['TCPSocket', object(['Port', '0'], ...text('Host'))],
] as const;

const probe = object(
  ...actions,
  ['GRPC', object(['Port', '0'], 'Service')],
  ...(['InitialDelaySeconds', 'TimeoutSeconds', 'PeriodSeconds', 'SuccessThreshold', 'FailureThreshold'] as const).map(
    (name) => [name, '0'] as const,
  ),
  'TerminationGracePeriodSeconds',
);

const handler = object(...actions, ['Sleep', object(['Seconds', '0'])]);

const environment = object(...text('Name', 'Value'), [
  'ValueFrom',
  object(
    ['FieldRef', object(...text('APIVersion', 'FieldPath'))],
    ['ResourceFieldRef', object(...text('ContainerName', 'Resource', 'Divisor'))],
    ['ConfigMapKeyRef', keySelector],
    ['SecretKeyRef', keySelector],
    ['FileKeyRef', object(...text('VolumeName', 'Path', 'Key'), 'Optional')],
  ),
]);

const container = object(
  ...text('Name', 'Image'),
  'Command',
  'Args',
  ...text('WorkingDir'),
  ['Ports', [object(...text('Name'), ['HostPort', '0'], ['ContainerPort', '0'], ...text('Protocol', 'HostIP'))]],
  ['EnvFrom', [object(...text('Prefix'), ['ConfigMapRef', optionalReference], ['SecretRef', optionalReference])]],
  ['Env', [environment]],
  ['Resources', resources],
  ['ResizePolicy', [object(...text('ResourceName', 'RestartPolicy'))]],
  'RestartPolicy',
  ['RestartPolicyRules', [object(...text('Action'), ['ExitCodes', object(...text('Operator'), 'Values')])]],
  [
    'VolumeMounts',
    [
      object(
        ...text('Name'),
        ['ReadOnly', 'false'],
        'RecursiveReadOnly',
        ...text('MountPath', 'SubPath'),
        'MountPropagation',
        ...text('SubPathExpr'),
      ),
    ],
  ],
  ['VolumeDevices', [object(...text('Name', 'DevicePath'))]],
  ['LivenessProbe', probe],
  ['ReadinessProbe', probe],
  ['StartupProbe', probe],
  ['Lifecycle', object(['PostStart', handler], ['PreStop', handler], 'StopSignal')],
  ...text('TerminationMessagePath', 'TerminationMessagePolicy', 'ImagePullPolicy'),
  ['SecurityContext', securityContext],
  ['Stdin', 'false'],
  ['StdinOnce', 'false'],
  ['TTY', 'false'],
);

const labelSelector = object(['matchLabels', 'null'], ['matchExpressions', [selectorExpression]]);
const keyToPath = object(...text('Key', 'Path'), 'Mode');
const downwardFile = object(
  ...text('Path'),
  ['FieldRef', object(...text('APIVersion', 'FieldPath'))],
  ['ResourceFieldRef', object(...text('ContainerName', 'Resource', 'Divisor'))],
  'Mode',
);

const projection = object(
  ['Secret', object(...text('Name'), ['Items', [keyToPath]], 'Optional')],
  ['DownwardAPI', object(['Items', [downwardFile]])],
  ['ConfigMap', object(...text('Name'), ['Items', [keyToPath]], 'Optional')],
  ['ServiceAccountToken', object(...text('Audience'), ['ExpirationSeconds', '0'], ...text('Path'))],
  ['ClusterTrustBundle', object('Name', 'SignerName', ['LabelSelector', labelSelector], 'Optional', ...text('Path'))],
  [
    'PodCertificate',
    object(
      ...text('SignerName', 'KeyType'),
      'MaxExpirationSeconds',
      ...text('CredentialBundlePath', 'KeyPath', 'CertificateChainPath'),
      'UserAnnotations',
    ),
  ],
);

const claimTemplateSpec = object(
  'AccessModes',
  ['Selector', labelSelector],
  ['Resources', object('Limits', 'Requests')],
  ...text('VolumeName'),
  'StorageClassName',
  'VolumeMode',
  'DataSource',
  'DataSourceRef',
  'VolumeAttributesClassName',
);

const volume = object(
  ...text('Name'),
  ['HostPath', object(...text('Path'), 'Type')],
  ['EmptyDir', object(...text('Medium'), 'SizeLimit')],
  ['GCEPersistentDisk', object(...text('PDName', 'FSType'), ['Partition', '0'], ['ReadOnly', 'false'])],
  ['AWSElasticBlockStore', object(...text('VolumeID', 'FSType'), ['Partition', '0'], ['ReadOnly', 'false'])],
  ['GitRepo', object(...text('Repository', 'Revision', 'Directory'))],
  ['Secret', object(...text('SecretName'), ['Items', [keyToPath]], 'DefaultMode', 'Optional')],
  ['NFS', object(...text('Server', 'Path'), ['ReadOnly', 'false'])],
  'ISCSI',
  'Glusterfs',
  ['PersistentVolumeClaim', object(...text('ClaimName'), ['ReadOnly', 'false'])],
  'RBD',
  'Quobyte',
  'FlexVolume',
  'Cinder',
  'CephFS',
  'Flocker',
  ['DownwardAPI', object(['Items', [downwardFile]], 'DefaultMode')],
  'FC',
  'AzureFile',
  ['ConfigMap', object(...text('Name'), ['Items', [keyToPath]], 'DefaultMode', 'Optional')],
  'VsphereVolume',
  'AzureDisk',
  'PhotonPersistentDisk',
  ['Projected', object(['Sources', [projection]], 'DefaultMode')],
  'PortworxVolume',
  'ScaleIO',
  'StorageOS',
  [
    'CSI',
    object(...text('Driver'), 'ReadOnly', 'FSType', 'VolumeAttributes', ['NodePublishSecretRef', localReference]),
  ],
  ['Ephemeral', object(['VolumeClaimTemplate', object(['Spec', claimTemplateSpec])])],
  ['Image', object(...text('Reference', 'PullPolicy'))],
);

const nodeExpression = object(...text('Key', 'Operator'), 'Values');
const nodeTerm = object(['MatchExpressions', [nodeExpression]], ['MatchFields', [nodeExpression]]);
const podTerm = object(
  ['LabelSelector', labelSelector],
  'Namespaces',
  ...text('TopologyKey'),
  ['NamespaceSelector', labelSelector],
  'MatchLabelKeys',
  'MismatchLabelKeys',
);

const required = 'RequiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'PreferredDuringSchedulingIgnoredDuringExecution';
const podTerms = object([required, [podTerm]], [preferred, [object(['Weight', '0'], ['PodAffinityTerm', podTerm])]]);

const affinity = object(
  [
    'NodeAffinity',
    object(
      [required, object(['NodeSelectorTerms', [nodeTerm]])],
      [preferred, [object(['Weight', '0'], ['Preference', nodeTerm])]],
    ),
  ],
  ['PodAffinity', podTerms],
  ['PodAntiAffinity', podTerms],
);

const podSecurityContext = object(
  ['HostNetwork', 'false'],
  ['HostPID', 'false'],
  ['HostIPC', 'false'],
  'ShareProcessNamespace',
  'HostUsers',
  ['SELinuxOptions', seLinux],
  ['WindowsOptions', windows],
  'RunAsUser',
  'RunAsGroup',
  'RunAsNonRoot',
  'SupplementalGroups',
  'SupplementalGroupsPolicy',
  'FSGroup',
  'FSGroupChangePolicy',
  ['Sysctls', [object(...text('Name', 'Value'))]],
  ['SeccompProfile', profile],
  ['AppArmorProfile', profile],
  'SELinuxChangePolicy',
);

const spread = object(
  ['MaxSkew', '0'],
  ...text('TopologyKey', 'WhenUnsatisfiable'),
  ['LabelSelector', labelSelector],
  'MinDomains',
  'NodeAffinityPolicy',
  'NodeTaintsPolicy',
  'MatchLabelKeys',
);

const ephemeralContainer = object(
  ...container.map(([name, form]) => [name, form ?? 'null'] as const),
  ...text('TargetContainerName'),
);

const podSpec = object(
  ['Volumes', [volume]],
  ['InitContainers', [container]],
  ['Containers', [container]],
  ['EphemeralContainers', [ephemeralContainer]],
  ...text('RestartPolicy'),
  'TerminationGracePeriodSeconds',
  'ActiveDeadlineSeconds',
  ...text('DNSPolicy'),
  'NodeSelector',
  ...text('ServiceAccountName'),
  'AutomountServiceAccountToken',
  ...text('NodeName'),
  ['SecurityContext', podSecurityContext],
  ['ImagePullSecrets', [localReference]],
  ...text('Hostname', 'Subdomain'),
  'SetHostnameAsFQDN',
  ['Affinity', affinity],
  ...text('SchedulerName'),
  ['Tolerations', [object(...text('Key', 'Operator', 'Value', 'Effect'), 'TolerationSeconds')]],
  ['HostAliases', [object(...text('IP'), 'Hostnames')]],
  ...text('PriorityClassName'),
  'Priority',
  'PreemptionPolicy',
  ['DNSConfig', object('Nameservers', 'Searches', ['Options', [object(...text('Name'), 'Value')]])],
  ['ReadinessGates', [object(...text('ConditionType'))]],
  'RuntimeClassName',
  'Overhead',
  'EnableServiceLinks',
  ['TopologySpreadConstraints', [spread]],
  ['OS', object(...text('Name'))],
  ['SchedulingGates', [object(...text('Name'))]],
  ['ResourceClaims', [object(...text('Name'), 'ResourceClaimName', 'ResourceClaimTemplateName')]],
  ['Resources', resources],
  'HostnameOverride',
  ['SchedulingGroup', object('PodGroupName')],
);

/** The published name is the inner one with a small first word (`hostIPC`, `fsGroup`, `seLinuxOptions`); compared without regard to case. */
function formed(value: unknown, form: Form | undefined): unknown {
  if (value === undefined || value === null) return emptyOf(form);
  if (Array.isArray(form) && isList(form)) return (value as unknown[]).map((each) => formed(each, form[0]));
  if (form === undefined || typeof form === 'string') return value;
  const given = new Map(Object.entries(value as object).map(([name, field]) => [name.toLowerCase(), field]));
  const struct = form as Struct;
  return Object.fromEntries(struct.flatMap(([name, inner]) => entryOf(name, given.get(name.toLowerCase()), inner)));
}

/** Label selectors are of the published form even inside: they leave out what is empty. */
function entryOf(name: string, value: unknown, form: Form | undefined): [string, unknown][] {
  const published = /^[a-z]/.test(name);
  if (published && (value === undefined || value === null)) return [];
  return [[name, formed(value, form)]];
}

const isList = (form: readonly unknown[]): form is readonly [Struct] =>
  form.length === 1 && Array.isArray(form[0]) && Array.isArray((form[0] as readonly unknown[])[0]);

const structsByValue = new Set<Form | undefined>([resources]);

function emptyOf(form: Form | undefined): unknown {
  if (form === '""') return '';
  if (form === '0') return 0;
  if (form === 'false') return false;
  return structsByValue.has(form) ? formed({}, form) : null;
}

export const internalClaimSpec = (spec: PersistentVolumeClaimSpec): unknown => formed(spec, claimTemplateSpec);

export const internalSecurityContext = (context: SecurityContext): unknown => formed(context, securityContext);

export const internalEphemeralContainer = (container: EphemeralContainer): unknown =>
  formed(container, ephemeralContainer);

/** Host namespaces belong to the security context inside. */
export function internalPodSpec(spec: PodSpec): unknown {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, resources: whole, ...rest } = spec;
  const shared = { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  const form = formed({ ...rest, securityContext: { ...shared, ...spec.securityContext } }, podSpec);
  return { ...(form as object), Resources: whole ? formed(whole, resources) : null };
}

export function internalPodTemplate({ metadata, spec }: PodTemplateSpec): unknown {
  return { ...metadata, Spec: internalPodSpec(spec ?? { containers: [] }) };
}
