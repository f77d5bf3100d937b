// Since when a version of a kind is deprecated, and from when on it is gone: facts of Kubernetes 1.36. What is deprecated only later is left out.

interface Deprecation {
  readonly since: string;
  readonly until: string;
  /** Named where Kubernetes names what to use instead. */
  readonly instead?: string;
}

/** By version, or by version and kind. */
const table: Readonly<Record<string, Deprecation>> = {
  'admissionregistration.k8s.io/v1alpha1': { since: '1.35', until: '1.38' },
  'certificates.k8s.io/v1alpha1': { since: '1.34', until: '1.37' },
  'coordination.k8s.io/v1alpha2': { since: '1.35', until: '1.38' },
  'coordination.k8s.io/v1beta1': { since: '1.36', until: '1.39' },
  'networking.k8s.io/v1beta1': { since: '1.34', until: '1.37' },
  'resource.k8s.io/v1alpha3 DeviceTaintRule': { since: '1.36', until: '1.39' },
  'resource.k8s.io/v1beta1': { since: '1.35', until: '1.38' },
  'resource.k8s.io/v1beta2 DeviceClass': { since: '1.36', until: '1.39' },
  'resource.k8s.io/v1beta2 ResourceClaim': { since: '1.36', until: '1.39' },
  'resource.k8s.io/v1beta2 ResourceClaimTemplate': { since: '1.36', until: '1.39' },
  'resource.k8s.io/v1beta2 ResourceSlice': { since: '1.36', until: '1.39' },
  'storage.k8s.io/v1beta1': { since: '1.34', until: '1.37', instead: 'storage.k8s.io/v1' },
};

/** The text of the Warning header for every use of the version; undefined where it is not deprecated. */
export function deprecationOf(group: string, version: string, kind: string): string | undefined {
  const apiVersion = group ? `${group}/${version}` : version;
  const found = table[`${apiVersion} ${kind}`] ?? table[apiVersion];
  if (!found) return undefined;
  const text = `${apiVersion} ${kind} is deprecated in v${found.since}+, unavailable in v${found.until}+`;
  return found.instead ? `${text}; use ${found.instead} ${kind}` : text;
}
