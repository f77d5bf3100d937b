// What a pod spec means where it says nothing: the values Kubernetes fills in, the same for pods and for every workload's template.

import type {
  Container,
  EnvVar,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from '../generated/types/core-v1.ts';
import { pullPolicyOf } from './images.ts';
import { roundAmounts } from '../quantities.ts';
import { isHugePages, isPodResource, requestsOf } from './resources.ts';
import { applyVolumeDefaults } from './volume-defaults.ts';

/** Changes the spec in place. What holds only for pods themselves (requests from limits, service links) is `applyPodOnlyDefaults`. */
export function applyPodSpecDefaults(spec: PodSpec): void {
  // Without a list Go prints null; it is refused all the same.
  spec.containers ??= [];
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  applyServiceAccountAlias(spec);
  roundAmounts(spec.overhead, spec.resources?.limits, spec.resources?.requests);
  for (const volume of spec.volumes ?? []) applyVolumeDefaults(volume);
  for (const container of allContainers(spec)) applyContainerDefaults(container);
}

export function applyPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (!template?.spec) return;
  applyPodSpecDefaults(template.spec);
}

/** Defaults that hold for pods but not for the templates pods are made from. */
export function applyPodOnlyDefaults(spec: PodSpec): void {
  spec.enableServiceLinks ??= true;
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  for (const container of containers) requestWhatIsLimited(container.resources);
  if (spec.hostNetwork) exposePorts(spec);
  if (spec.resources) applyPodResourceDefaults(spec, spec.resources);
}

/** `serviceAccount` is an older name for `serviceAccountName`; both are always shown. */
function applyServiceAccountAlias(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function allContainers(spec: PodSpec): (Container | EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function applyContainerDefaults(container: Container | EphemeralContainer): void {
  roundAmounts(container.resources?.limits, container.resources?.requests);
  container.imagePullPolicy ||= pullPolicyOf(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) applyEnvDefaults(variable);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) applyProbeDefaults(probe);
  }
  applyHandlerDefaults(container.lifecycle?.postStart);
  applyHandlerDefaults(container.lifecycle?.preStop);
}

function applyEnvDefaults(variable: EnvVar): void {
  const source = variable.valueFrom;
  if (source?.fieldRef) source.fieldRef.apiVersion ||= 'v1';
  if (source?.fileKeyRef) source.fileKeyRef.optional ??= false;
}

function applyProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) applyHttpDefaults(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function applyHandlerDefaults(handler: LifecycleHandler | undefined): void {
  if (handler?.httpGet) applyHttpDefaults(handler.httpGet);
}

function applyHttpDefaults(action: HTTPGetAction): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

/** On the host's network a port of a container is one of the host. */
function exposePorts(spec: PodSpec): void {
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
}

/** A limit without a request asks for as much as it allows. */
function requestWhatIsLimited(resources: ResourceRequirements | undefined): void {
  if (!resources?.limits) return;
  for (const [name, quantity] of Object.entries(resources.limits)) {
    resources.requests ??= {};
    resources.requests[name] ??= quantity;
  }
}

/** A pod limited as a whole asks for what its containers ask for together, or, where none asks, for as much as it allows. */
function applyPodResourceDefaults(spec: PodSpec, resources: ResourceRequirements): void {
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    if (!isPodResource(name)) continue;
    resources.requests ??= {};
    resources.requests[name] ??= (isHugePages(name) ? undefined : requestsOf(spec.containers ?? [], name)) ?? limit;
  }
}
