// Makes of a KubeSchedulerConfiguration what the scheduler works with, or says in kube-scheduler's words what is wrong with it.

import type { Duration } from '../../base/clock.ts';
import { isJsonObject } from '../../base/equal.ts';
import { decode, DecodeError } from '../../api/decode.ts';
import { duplicate, type Issue, invalid, required } from '../../api/issues.ts';
import type { ObjectSchema } from '../../api/schema.ts';
import { argsIssues, argsOf } from './args.ts';
import { ConfigurationError } from './configuration-error.ts';
import { defaultProfile, type Profile, profileOf } from './profile.ts';
import {
  argsSchemas,
  type ArgsShapes,
  type ConfigurationShape,
  configurationSchema,
  configurationVersion,
  extensionPoints,
  type ProfileShape,
} from './shape.ts';

export interface SchedulerConfiguration {
  readonly profiles: readonly Profile[];
  /** 0: by the size of the cluster. */
  readonly percentageOfNodesToScore: number;
  readonly podInitialBackoff: Duration;
  readonly podMaxBackoff: Duration;
  /** What is known and changes nothing here. */
  readonly remarks: readonly string[];
}

export const defaultConfiguration: SchedulerConfiguration = {
  profiles: [defaultProfile('default-scheduler')],
  percentageOfNodesToScore: 0,
  podInitialBackoff: 1000,
  podMaxBackoff: 10_000,
  remarks: [],
};

/** @throws ConfigurationError */
export function readConfiguration(document: unknown): SchedulerConfiguration {
  requireKind(document);
  const complaints: string[] = [];
  const shape = decoded<ConfigurationShape>(configurationSchema(), document, complaints);
  const profiles = profilesOf(shape);
  const args = profiles.map((profile, i) => decodeArgs(profile, i, complaints));
  if (complaints.length > 0) throw new ConfigurationError(`strict decoding error: ${complaints.join(', ')}`);
  refuse(configurationIssues(shape, profiles, args));
  refuseExtenders(shape);
  return {
    profiles: profiles.map((profile, i) => completeProfile(profile, args[i] ?? {}, `profiles[${i}]`)),
    percentageOfNodesToScore: shape.percentageOfNodesToScore ?? 0,
    podInitialBackoff: (shape.podInitialBackoffSeconds ?? 1) * 1000,
    podMaxBackoff: (shape.podMaxBackoffSeconds ?? 10) * 1000,
    remarks: remarksOn(shape, profiles),
  };
}

function requireKind(document: unknown): asserts document is object {
  if (!isJsonObject(document)) throw new ConfigurationError('a KubeSchedulerConfiguration is an object');
  const { kind, apiVersion } = document;
  if (!kind) throw new ConfigurationError("Object 'Kind' is missing");
  if (!apiVersion) throw new ConfigurationError("Object 'apiVersion' is missing");
  if (kind === 'KubeSchedulerConfiguration' && apiVersion === configurationVersion) return;
  throw new ConfigurationError(`no kind "${textOf(kind)}" is registered for version "${textOf(apiVersion)}"`);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function decoded<T>(schema: ObjectSchema, value: unknown, complaints: string[]): T {
  try {
    const { object, unknown } = decode(schema, value);
    complaints.push(...unknown);
    return object as T;
  } catch (error) {
    throw error instanceof DecodeError ? new ConfigurationError(error.message) : error;
  }
}

type NamedProfile = ProfileShape & { schedulerName: string };

/** One that is alone need not have a name. */
function profilesOf({ profiles = [] }: ConfigurationShape): NamedProfile[] {
  const list = profiles.length > 0 ? profiles : [{}];
  const unnamed = list.length === 1 ? 'default-scheduler' : '';
  return list.map((profile) => ({ ...profile, schedulerName: profile.schedulerName ?? unnamed }));
}

type GivenArgs = { [N in keyof ArgsShapes]?: ArgsShapes[N] };

const isConfigurable = (name: string): name is keyof ArgsShapes => Object.hasOwn(argsSchemas, name);

function decodeArgs({ pluginConfig = [] }: NamedProfile, i: number, complaints: string[]): GivenArgs {
  const given: Record<string, unknown> = {};
  for (const [j, { name = '', args }] of pluginConfig.entries()) {
    if (!isConfigurable(name)) continue;
    const at = `decoding .profiles[${i}].pluginConfig[${j}]`;
    requireArgsKind(args, name, at);
    const unknown: string[] = [];
    given[name] = decoded(argsSchemas[name](), args ?? {}, unknown);
    const strict = unknown.map((each) => `strict decoding error: ${each}`);
    complaints.push(...strict.map((each) => `${at}: strict decoding error: decoding args for plugin ${name}: ${each}`));
  }
  return given;
}

function requireArgsKind(args: unknown, name: string, at: string): void {
  const { kind = `${name}Args`, apiVersion = configurationVersion } = isJsonObject(args) ? args : {};
  if (kind === `${name}Args` && apiVersion === configurationVersion) return;
  const [group, found] = ['kubescheduler.config.k8s.io', textOf(apiVersion).split('/')[0]];
  throw new ConfigurationError(
    `${at}: args for plugin ${name} were not of type ${name}Args.${group}, got ${textOf(kind)}.${found}`,
  );
}

function refuse(issues: readonly Issue[]): void {
  const texts = issues.map(({ field, message }) => `${field}: ${message}`);
  if (texts.length > 0) throw new ConfigurationError(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`);
}

// What is wrong with it

function configurationIssues(
  shape: ConfigurationShape,
  profiles: readonly NamedProfile[],
  args: readonly GivenArgs[],
): Issue[] {
  const { parallelism = 16, percentageOfNodesToScore, podInitialBackoffSeconds: first = 1 } = shape;
  const { podMaxBackoffSeconds: longest = 10 } = shape;
  const issues: Issue[] = [];
  if (parallelism <= 0)
    issues.push(invalid('parallelism', parallelism, 'should be an integer value greater than zero'));
  for (const [i, profile] of profiles.entries()) {
    issues.push(...profileIssues(profile, args[i] ?? {}, `profiles[${i}]`));
    const same = profiles.findLastIndex((each, j) => j < i && each.schedulerName === profile.schedulerName);
    if (same >= 0) issues.push(duplicate(`profiles[${i}].schedulerName`, `profiles[${same}].schedulerName`));
  }
  issues.push(...percentageIssues(percentageOfNodesToScore, 'percentageOfNodesToScore'));
  if (first <= 0) issues.push(invalid('podInitialBackoffSeconds', first, 'must be greater than 0'));
  if (longest < first) {
    const rule = 'must be greater than or equal to PodInitialBackoffSeconds';
    issues.push(invalid('podMaxBackoffSeconds', longest, rule));
  }
  return issues;
}

const percentageIssues = (percentage: number | undefined, field: string): Issue[] =>
  percentage === undefined || (percentage >= 0 && percentage <= 100)
    ? []
    : [invalid(field, percentage, 'not in valid range [0-100]')];

const withdrawnPlugins: readonly string[] = ['AzureDiskLimits', 'CinderLimits', 'EBSLimits', 'GCEPDLimits'];

function withdrawnIssues(name: string, field: string): Issue[] {
  if (!withdrawnPlugins.includes(name)) return [];
  const version = `"${configurationVersion}"`;
  return [invalid(field, name, `was invalid in version ${version} (KubeSchedulerConfiguration is version ${version})`)];
}

function profileIssues(profile: NamedProfile, args: GivenArgs, path: string): Issue[] {
  const { schedulerName, percentageOfNodesToScore, plugins = {}, pluginConfig = [] } = profile;
  const issues = schedulerName === '' ? [required(`${path}.schedulerName`)] : [];
  issues.push(...percentageIssues(percentageOfNodesToScore, `${path}.percentageOfNodesToScore`));
  for (const point of extensionPoints) {
    plugins[point]?.enabled?.forEach(({ name = '' }, i) =>
      issues.push(...withdrawnIssues(name, `${path}.plugins.${point}.enabled[${i}]`)),
    );
  }
  pluginConfig.forEach(({ name = '' }, i) => {
    const at = `${path}.pluginConfig[${i}]`;
    if (pluginConfig.findIndex((each) => each.name === name) < i) issues.push(duplicate(at, name));
    issues.push(...withdrawnIssues(name, at));
    // These are looked at when the plugin is made.
    if (isConfigurable(name) && name !== 'NodeResourcesFit') issues.push(...issuesOf(name, args, `${at}.args`));
  });
  return issues;
}

function issuesOf<N extends keyof ArgsShapes>(name: N, args: GivenArgs, path: string): Issue[] {
  const given = args[name];
  return given ? argsIssues[name](given, path) : [];
}

function completeProfile(profile: NamedProfile, args: GivenArgs, path: string): Profile {
  const fit = issuesOf('NodeResourcesFit', args, '').map((issue) => ({ ...issue, field: issue.field.slice(1) }));
  try {
    refuse(fit);
  } catch (error) {
    const of = `creating profile for scheduler name ${profile.schedulerName}`;
    const what = `initializing plugin "NodeResourcesFit": ${(error as Error).message}`;
    throw new ConfigurationError(`initializing profiles: ${of}: ${what}`);
  }
  return profileOf(profile, argsOf(args), path);
}

function refuseExtenders({ extenders = [] }: ConfigurationShape): void {
  if (extenders.length > 0)
    throw new ConfigurationError('extenders: nobody is asked beside the plugins: not modelled here');
}

const idle = [
  'parallelism',
  'leaderElection',
  'clientConnection',
  'enableProfiling',
  'enableContentionProfiling',
] as const;

function remarksOn(shape: ConfigurationShape, profiles: readonly NamedProfile[]): readonly string[] {
  const fields = [...idle, 'delayCacheUntilActive' as const].filter((field) => shape[field] !== undefined);
  const configured = profiles.flatMap(({ pluginConfig = [] }) => pluginConfig.map(({ name = '' }) => name));
  return [
    ...fields.map((field) => `${field} is known but changes nothing here: there is one scheduler, in the same process`),
    ...(configured.includes('DynamicResources')
      ? ['the args of DynamicResources change nothing here: devices are found at once, and bound without conditions']
      : []),
  ];
}
