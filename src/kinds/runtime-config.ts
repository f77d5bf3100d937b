// Which versions are served: kube-apiserver's --runtime-config, its words and its precedence.

import { discovered } from './discovered.ts';

/** What was written: `api/beta`, `apps/v1`, `resource.k8s.io/v1beta1/deviceclasses`, each with what stood behind the `=`. */
export type RuntimeConfig = Readonly<Record<string, string>>;

/** Whether a resource is served in a version. */
export type IsServed = (group: string, version: string, plural: string) => boolean;

/** Versions that Kubernetes still knows and serves no more. */
const retired: Readonly<Record<string, string>> = {
  apps: 'v1beta1 v1beta2',
  'authentication.k8s.io': 'v1alpha1 v1beta1',
  'authorization.k8s.io': 'v1beta1',
  batch: 'v1beta1',
  'discovery.k8s.io': 'v1beta1',
  'events.k8s.io': 'v1beta1',
  extensions: 'v1beta1',
  'flowcontrol.apiserver.k8s.io': 'v1beta1 v1beta2 v1beta3',
  'imagepolicy.k8s.io': 'v1alpha1',
  'node.k8s.io': 'v1alpha1 v1beta1',
  policy: 'v1beta1',
  'rbac.authorization.k8s.io': 'v1alpha1 v1beta1',
  'scheduling.k8s.io': 'v1beta1',
  'storage.k8s.io': 'v1alpha1',
};

interface Wholesale {
  readonly key: string;
  matches(version: string): boolean;
}

/** In the order in which they are applied, whichever order they were written in. */
const wholesale: readonly Wholesale[] = [
  { key: 'api/all', matches: () => true },
  { key: 'api/ga', matches: (version) => /^v\d+$/.test(version) },
  { key: 'api/beta', matches: (version) => /^v\d+beta\d+$/.test(version) },
  { key: 'api/alpha', matches: (version) => /^v\d+alpha\d+$/.test(version) },
];

const isWholesale = (key: string): boolean => wholesale.some((each) => each.key === key);

/** Stable versions are served without being asked for. */
export const isStable = (version: string): boolean => /^v\d+$/.test(version);

/** `api/beta=true,apps/v1=false` in parts, or what is wrong with it in kube-apiserver's words. */
export function readRuntimeConfig(text: string): { readonly config: RuntimeConfig } | { readonly problem: string } {
  const entries = text
    .split(',')
    .filter(Boolean)
    .map((entry) => entry.split(/=(.*)/, 2).map((each) => each.trim()) as [string, string?]);
  const config = Object.fromEntries(entries.map(([key, value = '']) => [key, value]));
  const problem = problemWith(config);
  return problem === undefined ? { config } : { problem };
}

function problemWith(config: RuntimeConfig): string | undefined {
  const keys = Object.keys(config);
  if (keys.length === 1 && config['api/all'] === 'false') return 'invalid runtime-config with only api/all=false';
  const named = keys.filter((key) => !isWholesale(key)).sort();
  const odd = named.find((key) => !/^[^/]*\/[^/]*(\/[^/]*)?$/.test(key));
  if (odd !== undefined) return `runtime-config invalid key ${odd}`;
  const strange = named.map(groupVersionOf).filter(({ group }) => versionsOf(group).length === 0);
  if (strange.length > 0) return `unknown api groups ${[...new Set(strange.map(nameOf))].join(',')}`;
  const vague = keys.find((key) => isWholesale(key) && !['true', 'false'].includes(config[key] ?? ''));
  if (vague !== undefined) return `invalid value ${vague}=${config[vague]}`;
  return named.map((key) => entryProblem(key, config[key] ?? '')).find((problem) => problem !== undefined);
}

function entryProblem(key: string, value: string): string | undefined {
  const { group, version, plural } = groupVersionOf(key);
  if (!versionsOf(group).includes(version))
    return `group version ${nameOf({ group, version })} that has not been registered`;
  if (switchOf(value) === undefined) {
    return `invalid value of ${key}: ${value}, err: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
  }
  if (plural !== undefined && plural !== plural.toLowerCase()) {
    return `invalid key ${key}: group/version/resource and resource is always lowercase plural, not ${JSON.stringify(plural)}`;
  }
  return undefined;
}

/** The versions of a group that Kubernetes knows. */
const versionsOf = (group: string): string[] => [
  ...(discovered.find(({ name }) => name === group)?.versions.map(({ version }) => version) ?? []),
  ...(retired[group]?.split(' ') ?? []),
];

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const nameOf = ({ group, version }: GroupVersion): string => (group ? `${group}/${version}` : version);

function groupVersionOf(key: string): GroupVersion & { readonly plural: string | undefined } {
  const [group = '', version = '', plural] = key.split('/');
  return { group, version, plural };
}

/** On, off, or no such value. Nothing behind a name means on. */
function switchOf(value: string): boolean | undefined {
  if (['', '1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true;
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value) ? false : undefined;
}

/** What is served: stable versions, then whole stages, then single versions, then single resources; the later the stronger. */
export function servedBy(config: RuntimeConfig): IsServed {
  return (group, version, plural) => {
    const own = config[`${group}/${version}/${plural}`];
    if (own !== undefined) return switchOf(own) ?? false;
    const whole = config[`${group}/${version}`];
    if (whole !== undefined) return switchOf(whole) ?? false;
    const staged = wholesale.findLast(({ key, matches }) => config[key] !== undefined && matches(version));
    return staged ? config[staged.key] === 'true' : isStable(version);
  };
}

/** What whoever writes this should hear: versions and resources that are asked for and are not there. */
export function runtimeConfigRemarks(config: RuntimeConfig): string[] {
  return Object.keys(config)
    .filter((key) => !isWholesale(key) && switchOf(config[key] ?? '') === true)
    .flatMap((key) => {
      const { group, version, plural } = groupVersionOf(key);
      const resources = discovered
        .find(({ name }) => name === group)
        ?.versions.find((each) => each.version === version)?.resources;
      if (!resources) return [`${nameOf({ group, version })} is known to Kubernetes 1.36 and served no more`];
      if (plural === undefined || resources.some(({ name }) => name === plural)) return [];
      return [`there is no resource ${plural} in ${nameOf({ group, version })}`];
    });
}
