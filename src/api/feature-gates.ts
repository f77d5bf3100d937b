// The feature gates of Kubernetes 1.36: how settled each feature is, whether it is on, and which of them change anything here.

export type GateStage = 'alpha' | 'beta' | 'stable' | 'deprecated';

export interface FeatureGate {
  readonly stage: GateStage;
  /** What it is unless somebody says otherwise. */
  readonly on: boolean;
  /** Nobody can say otherwise. */
  readonly locked: boolean;
}

/** Gates by name, as somebody set them. */
export type GateSettings = Readonly<Record<string, boolean>>;

interface Group extends FeatureGate {
  readonly names: string;
}

const groups: readonly Group[] = [
  {
    stage: 'alpha',
    on: false,
    locked: false,
    names: `
      APIServingWithRoutine AllAlpha AllowUnsafeMalformedObjectDeletion CBORServingAndStorage CPUManagerPolicyAlphaOptions
      CRIListStreaming CSIVolumeHealth ClientsAllowCBOR ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation
      CloudControllerManagerWebhook ContainerStopSignals ControllerManagerReleaseLeaderElectionLockOnExit
      CrossNamespaceVolumeDataSource DRAListTypeAttributes DRANodeAllocatableResources DRAResourcePoolStatus
      DRAWorkloadResourceClaims EventedPLEG GangScheduling GenericWorkload HPAScaleToZero ImageVolumeWithDigest
      InPlacePodVerticalScalingExclusiveCPUs InPlacePodVerticalScalingExclusiveMemory KubeletInUserNamespace LoggingAlphaOptions
      ManifestBasedAdmissionControlConfig MemoryQoS MutablePVNodeAffinity NativeHistograms PersistentVolumeClaimUnusedSinceTime
      PodAndContainerStatsFromCRI PodLevelResourceManagers PodLogsQuerySplitStreams PodsAPI QOSReserved
      ReduceDefaultCrashLoopBackOffDecay RuntimeClassInImageCriApi ShardedListAndWatch StorageCapacityScoring StorageVersionAPI
      TaintTolerationComparisonOperators TopologyAwareWorkloadScheduling TopologyManagerPolicyAlphaOptions
      UserNamespacesHostNetworkSupport VolumeLimitScaling WindowsCPUAndMemoryAffinity WorkloadAwarePreemption WorkloadWithJob`,
  },
  {
    stage: 'beta',
    on: false,
    locked: false,
    names: `
      AllBeta ClusterTrustBundle ClusterTrustBundleProjection ConcurrentWatchObjectDecode CoordinatedLeaderElection
      DRADeviceTaintRules LocalStorageCapacityIsolationFSQuotaMonitoring MaxUnavailableStatefulSet PodCertificateRequest
      SELinuxMount SchedulerAsyncAPICalls StorageVersionMigrator`,
  },
  {
    stage: 'beta',
    on: true,
    locked: false,
    names: `
      APIResponseCompression APIServerIdentity AllowParsingUserUIDFromCertAuth AtomicFIFO
      AuthorizePodWebsocketUpgradeCreatePermission CPUManagerPolicyBetaOptions CRDObservedGenerationTracking
      ClearingNominatedNodeNameAfterBinding ClientsAllowCARotation ClientsAllowTLSCacheGC ComponentFlagz ComponentStatusz
      ConstrainedImpersonation ContainerCheckpoint ContainerRestartRules ContextualLogging DRAConsumableCapacity
      DRADeviceBindingConditions DRADeviceTaints DRAExtendedResource DRAPartitionableDevices DRAResourceClaimDeviceStatus
      DRAResourceClaimGranularStatusAuthorization DRASchedulerFilterTimeout DeclarativeValidationBeta
      DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency EnvFiles ExtendWebSocketsToKubelet GracefulNodeShutdown
      GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance HostnameOverride InOrderInformersBatchProcess
      InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScalingInitContainers KubeletCrashLoopBackOffMax
      KubeletEnsureSecretPulledImages KubeletSeparateDiskGC KubeletServiceAccountTokenForCredentialProviders
      ListFromCacheSnapshot LoggingBetaOptions MatchLabelKeysInPodTopologySpread MatchLabelKeysInPodTopologySpreadSelectorMerge
      MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs NodeDeclaredFeatures
      NominatedNodeNameForExpectation OpenAPIEnums OpportunisticBatching PLEGOnDemandRelist PodDeletionCost PodLevelResources
      PodReadyToStartContainersCondition PodTopologyLabelsAdmission PortForwardWebsockets PreventStaticPodAPIReferences
      RelaxedServiceNameValidation ReloadKubeletClientCAFile ReloadKubeletServerCertificateFile RemoteRequestHeaderUID
      ResourceHealthStatus ResourceHealthStatusMessage RestartAllContainersOnContainerExits RotateKubeletServerCertificate
      SchedulerAsyncPreemption SchedulerPopFromBackoffQ ServiceAccountNodeAudienceRestriction SizeBasedListCostEstimate
      StaleControllerConsistencyDaemonSet StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet
      StaleControllerConsistencyStatefulSet StatefulSetSemanticRevisionComparison StorageVersionHash StrictIPCIDRValidation
      StructuredAuthenticationConfigurationEgressSelector StructuredAuthenticationConfigurationJWKSMetrics
      TokenRequestServiceAccountUIDValidation TopologyManagerPolicyBetaOptions TranslateStreamCloseWebsocketRequests
      UnauthenticatedHTTP2DOSMitigation UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO
      WatchCacheInitializationPostStartHook WatchList WatchListClient WindowsGracefulNodeShutdown`,
  },
  {
    stage: 'stable',
    on: true,
    locked: false,
    names: 'DRAPrioritizedList MutatingAdmissionPolicy TopologyManagerPolicyOptions',
  },
  {
    stage: 'stable',
    on: true,
    locked: true,
    names: `
      APIServerTracing AnonymousAuthConfigurableEndpoints AuthorizeNodeWithSelectors AuthorizeWithSelectors BtreeWatchCache
      CRDValidationRatcheting CSIServiceAccountTokenSecrets ConsistentListFromCache CustomResourceFieldSelectors DRAAdminAccess
      DeclarativeValidation DisableAllocatorDualWrite DisableCPUQuotaWithExclusiveCPUs DynamicResourceAllocation
      ExecProbeTimeout ExternalServiceAccountTokenSigner ImageMaximumGCAge ImageVolume InPlacePodVerticalScaling JobManagedBy
      JobPodReplacementPolicy KubeletCgroupDriverFromCRI KubeletFineGrainedAuthz KubeletPSI
      KubeletPodResourcesDynamicResources KubeletPodResourcesGet KubeletTracing LogarithmicScaleDown
      MatchLabelKeysInPodAffinity MemoryManager MultiCIDRServiceAllocator MutableCSINodeAllocatableCount NFTablesProxyMode
      NodeInclusionPolicyInPodTopologySpread NodeLogQuery NodeSwap OrderedNamespaceDeletion PodLifecycleSleepAction
      PodLifecycleSleepActionAllowZero PodObservedGenerationTracking PodSchedulingReadiness PreferSameTrafficDistribution
      ProcMountType RecoverVolumeExpansionFailure RelaxedDNSSearchValidation RelaxedEnvironmentVariableValidation
      ResilientWatchCacheInitialization RetryGenerateName SELinuxChangePolicy SELinuxMountReadWriteOncePod
      SchedulerQueueingHints SeparateTaintEvictionController ServiceAccountTokenJTI ServiceAccountTokenNodeBinding
      ServiceAccountTokenNodeBindingValidation ServiceAccountTokenPodNodeInfo StreamingCollectionEncodingToJSON
      StreamingCollectionEncodingToProtobuf StructuredAuthenticationConfiguration SupplementalGroupsPolicy SystemdWatchdog
      TopologyAwareHints UserNamespacesSupport VolumeAttributesClass WinDSR WinOverlay`,
  },
  {
    stage: 'deprecated',
    on: false,
    locked: false,
    names: `
      AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests ChangeContainerStatusOnKubeletRestart
      DeclarativeValidationTakeover GitRepoVolumeDriver KMSv1 KubeletRegistrationGetOnExistsOnly WindowsHostNetwork`,
  },
  {
    stage: 'deprecated',
    on: false,
    locked: true,
    names: 'AllowOverwriteTerminationGracePeriodSeconds SeparateCacheWatchRPC',
  },
  {
    stage: 'deprecated',
    on: true,
    locked: false,
    names:
      'AllowServiceExternalIPs DisableNodeKubeProxyVersion KubeletPodResourcesListUseActivePods StorageNamespaceIndex',
  },
  { stage: 'deprecated', on: true, locked: true, names: 'AggregatedDiscoveryRemoveBetaType' },
];

const gates: ReadonlyMap<string, FeatureGate> = new Map(
  groups.flatMap(({ names, ...gate }) => words(names).map((name) => [name, gate] as const)),
);

/** What a feature cannot do without. */
const needs: Readonly<Record<string, string>> = {
  ClusterTrustBundleProjection: 'ClusterTrustBundle',
  DRADeviceBindingConditions: 'DRAResourceClaimDeviceStatus',
  DRADeviceTaintRules: 'DRADeviceTaints',
  GangScheduling: 'GenericWorkload',
  GracefulNodeShutdownBasedOnPodPriority: 'GracefulNodeShutdown',
  InPlacePodLevelResourcesVerticalScaling: 'PodLevelResources NodeDeclaredFeatures',
  MatchLabelKeysInPodTopologySpreadSelectorMerge: 'MatchLabelKeysInPodTopologySpread',
  RestartAllContainersOnContainerExits: 'ContainerRestartRules NodeDeclaredFeatures',
  StorageVersionAPI: 'APIServerIdentity',
  TopologyAwareWorkloadScheduling: 'GenericWorkload',
  UnknownVersionInteroperabilityProxy: 'APIServerIdentity',
  WindowsGracefulNodeShutdown: 'GracefulNodeShutdown',
  WorkloadAwarePreemption: 'GangScheduling',
  WorkloadWithJob: 'GenericWorkload',
};

/** The gates that something here asks. Setting another one changes nothing, which is said. */
export const modelledGates: ReadonlySet<string> = new Set(
  words(`
    AllAlpha AllBeta ClusterTrustBundle ContainerStopSignals CoordinatedLeaderElection CrossNamespaceVolumeDataSource
    DRADeviceTaintRules DRAListTypeAttributes DRANodeAllocatableResources DRAResourcePoolStatus
    DRAWorkloadResourceClaims GenericWorkload HPAConfigurableTolerance HPAScaleToZero MaxUnavailableStatefulSet
    MutablePVNodeAffinity MutatingAdmissionPolicy NodeDeclaredFeatures PodCertificateRequest StorageVersionAPI
    StorageVersionMigrator TopologyAwareWorkloadScheduling WorkloadAwarePreemption`),
);

/** What a gate that is on leaves out here. */
const partly: Readonly<Record<string, string>> = {
  ClusterTrustBundle: 'bundles are served and checked; simulated pods do not mount them',
  ContainerStopSignals: 'the field is kept and checked; simulated containers stop as they do without it',
  CoordinatedLeaderElection: 'candidates are served; nobody elects among them',
  DRADeviceTaintRules: 'tainted devices are given to none who does not tolerate it; pods that have one keep it',
  DRAListTypeAttributes: 'the lists are kept; constraints between devices do not look into them',
  DRANodeAllocatableResources: 'the field is kept; what devices take from a node is not counted',
  DRAWorkloadResourceClaims: 'the fields are kept and checked; no claims are made for groups',
  GenericWorkload: 'workloads and pod groups are served; pods are scheduled one by one',
  NodeDeclaredFeatures: 'pods are resized as their node declares it can; the scheduler does not look at it',
  PodCertificateRequest: 'requests are served and checked; simulated kubelets make none',
  StorageVersionAPI: 'versions are served and their collector has its role; no API server tells its own',
  StorageVersionMigrator: 'migrations are served; objects are not written again',
  TopologyAwareWorkloadScheduling: 'the field is kept and checked; the scheduler does not look at it',
  WorkloadAwarePreemption: 'the fields are kept and checked; the scheduler does not look at them',
};

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** All there are, by name. */
export const featureGates: ReadonlyMap<string, FeatureGate> = gates;

/** What is known of a gate; undefined where Kubernetes 1.36 has none of that name. */
export const featureGate = (name: string): FeatureGate | undefined => gates.get(name);

const yes = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const no = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** `Name=true,kube:Other=false` as settings, or what is wrong with it in kube-apiserver's words. */
export function readFeatureGates(text: string): { readonly gates: GateSettings } | { readonly problem: string } {
  const read: Record<string, boolean> = {};
  for (const entry of text.split(',').map((each) => each.trim())) {
    if (entry === '') continue;
    const [name = '', value] = entry
      .replace(/^kube:/, '')
      .split(/=(.*)/, 2)
      .map((each) => each.trim());
    if (value === undefined) return { problem: `missing bool value for ${name}` };
    if (!yes.includes(value) && !no.includes(value)) {
      const why = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
      return { problem: `invalid value of ${name}=${value}, err: ${why}` };
    }
    read[name] = yes.includes(value);
  }
  const problem = problemWith(read);
  return problem === undefined ? { gates: read } : { problem };
}

function problemWith(settings: GateSettings): string | undefined {
  const names = Object.keys(settings);
  const unknown = names.find((name) => !gates.has(name));
  if (unknown !== undefined) return `unrecognized feature gate: ${unknown}`;
  const locked = names.flatMap((name) => {
    const { locked: fixed, on } = gates.get(name) as FeatureGate;
    if (!fixed || on === settings[name]) return [];
    return [`cannot set feature gate ${name} to ${settings[name]}, feature is locked to ${on}`];
  });
  return together(locked.length > 0 ? locked : lackingOf(settings));
}

/** Several mistakes in one sentence, as Kubernetes writes them. */
const together = (texts: readonly string[]): string | undefined =>
  texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];

function lackingOf(settings: GateSettings): string[] {
  const enabled = enabledGates(settings);
  return Object.keys(needs).flatMap((name) => {
    const off = enabled(name) ? words(needs[name] ?? '').filter((need) => !enabled(need)) : [];
    return off.length > 0 ? [`${name} is enabled, but depends on features that are disabled: [${off.join(' ')}]`] : [];
  });
}

/** Whether a gate is on: as it was set, else as all of its stage were, else by default. Unknown gates are off. */
export function enabledGates(settings: GateSettings): (name: string) => boolean {
  return (name) => {
    const gate = gates.get(name);
    if (!gate) return false;
    return settings[name] ?? ofStage(gate, settings) ?? gate.on;
  };
}

function ofStage({ stage }: FeatureGate, settings: GateSettings): boolean | undefined {
  if (stage === 'alpha') return settings.AllAlpha;
  return stage === 'beta' ? settings.AllBeta : undefined;
}

/** What whoever sets these gates should hear: which change nothing here, and which are going to go. */
export function gateRemarks(settings: GateSettings): string[] {
  const remarks = Object.keys(settings).flatMap((name) => [
    ...modelRemarks(name, settings[name] ?? false),
    ...stageRemarks(name, settings[name] ?? false),
  ]);
  return [...remarks, ...wholesaleRemarks(settings)];
}

function modelRemarks(name: string, on: boolean): string[] {
  if (!modelledGates.has(name)) {
    return [`feature gate ${name} is known but not modelled: setting it changes nothing here`];
  }
  const missing = on ? partly[name] : undefined;
  return missing ? [`feature gate ${name} is modelled in part: ${missing}`] : [];
}

function stageRemarks(name: string, on: boolean): string[] {
  const going = { stable: 'GA', deprecated: 'deprecated', alpha: '', beta: '' }[gates.get(name)?.stage ?? 'alpha'];
  return going ? [`setting ${going} feature gate ${name}=${on}. It will be removed in a future release.`] : [];
}

function wholesaleRemarks(settings: GateSettings): string[] {
  const stages = [
    ['AllAlpha', 'alpha'],
    ['AllBeta', 'beta'],
  ] as const;
  return stages.flatMap(([name, stage]) => {
    if (settings[name] === undefined) return [];
    const all = [...gates].filter(([each, gate]) => gate.stage === stage && each !== name);
    const modelled = all.filter(([each]) => modelledGates.has(each)).map(([each]) => each);
    return [`${name} sets ${all.length} feature gates, of which these change something here: ${modelled.join(', ')}`];
  });
}
