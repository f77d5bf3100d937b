// scale: how many replicas, in one form for every kind that has them.

import { type LabelSelector, printSelector, selectorOf } from '../../base/selectors.ts';
import { invalid } from '../../api/issues.ts';
import { apiVersionOf, type Column, type ScalePaths } from '../../api/kind.ts';
import { ageColumn, nameColumn, numberColumn } from '../../kinds/columns.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../api/object.ts';
import { applyConfiguration, describe } from '../../api/apply.ts';
import { ApiError, badRequest, internalError } from '../../api/status.ts';
import { invalidObject } from '../../api/issues.ts';
import { decodeValue, type Expected } from '../body.ts';
import { copyOf, type Draft } from '../draft.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { type WriteOptions, writeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { type WriteContext, writeContext } from '../verbs/commit.ts';
import { viewOf } from '../verbs/conversion.ts';
import { timeless } from '../verbs/scale-owners.ts';
import { configurationOf, type Patch, patchedValue, readPatch } from '../verbs/patch.ts';
import { get } from '../verbs/read.ts';
import type { Result } from '../verbs/result.ts';
import { type Guise, replace, type Replacement } from '../verbs/update.ts';
import { expectedBy, readBody } from './body.ts';

export interface Scale extends KubeObject {
  spec: { replicas?: number };
  status: { replicas: number; selector?: string };
}

export async function scale(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const paths = (target.served.kind.storedAs ?? target.served.kind).behaviour.scale;
  if (!paths) throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  if (target.verb === 'get') {
    const found = await get(server, target, exchange.request.query);
    const object = await viewOf(target.served, found.object);
    if (target.served.kind.custom) requireReplicasField(object, paths);
    return shown(scaleOf(object, paths));
  }
  return target.verb === 'update' ? put(server, exchange, target, paths) : patchScale(server, exchange, target, paths);
}

const shown = (object: Scale): Result => ({ type: 'other', code: 200, object, columns });

/** Stands for replicas that a custom resource does not name: nobody may send it. */
const noReplicas = -(2 ** 31);

/** Only custom resources may have none. */
function requireReplicasField(object: KubeObject, paths: ScalePaths): void {
  if (at(object, paths.replicas) === undefined)
    throw internalError(`the spec replicas field ${JSON.stringify(paths.replicas)} does not exist`);
}

const described = (type: string) => ({ type: `io.k8s.api.autoscaling.v1.${type}`, field: 'replicas' });

/** A Scale as a table. */
const columns: readonly Column[] = [
  { ...nameColumn, format: '' },
  numberColumn('Desired', described('ScaleSpec'), (object) => (object as Scale).spec.replicas ?? 0),
  numberColumn('Available', described('ScaleStatus'), (object) => (object as Scale).status.replicas),
  ageColumn,
];

async function put(server: Server, exchange: Exchange, target: ResourceTarget, paths: ScalePaths): Promise<Result> {
  const options = writeOptions('UpdateOptions', exchange.request.query, exchange.request.headers['user-agent']);
  const body = readBody(exchange, expectedBy(target), options) as Draft & Scale;
  const name = body.metadata?.name ?? '';
  if (name === '')
    throw badRequest(`the name of the object (${target.name} based on URL) was undeterminable: name must be provided`);
  if (name !== target.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  const context = writeContext(exchange, target, options);
  return write(
    server,
    context,
    paths,
    { writer: 'update', resourceVersion: body.metadata.resourceVersion ?? '' },
    () => body,
  );
}

async function patchScale(
  server: Server,
  exchange: Exchange,
  target: ResourceTarget,
  paths: ScalePaths,
): Promise<Result> {
  const read = readPatch(exchange, target.served.kind.custom);
  const applying = read.type === 'apply';
  const options = writeOptions(
    'PatchOptions',
    exchange.request.query,
    exchange.request.headers['user-agent'],
    applying,
  );
  const context = writeContext(exchange, target, options);
  const expected = expectedBy(target);
  if (applying) return applyScale(server, context, paths, read, options, expected);
  return write(server, context, paths, { writer: 'patch', resourceVersion: '' }, (current) => {
    const value = patchedValue(copyOf(current), read, {
      ...target,
      served: { ...target.served, version: { version: expected.version, schema: expected.schema } },
    });
    const parsed = { value: value as Record<string, unknown>, duplicates: read.duplicates };
    return decodeValue(parsed, expected, options.fieldValidation, context.warn) as Draft & Scale;
  });
}

async function write(
  server: Server,
  context: WriteContext,
  paths: ScalePaths,
  write: Pick<Replacement, 'writer' | 'resourceVersion'>,
  next: (current: Scale) => Scale,
): Promise<Result> {
  const { custom } = context.target.served.kind;
  const result = await replace(server, context, {
    ...write,
    guise: guiseOf(paths),
    compute(previous) {
      const wanted = next(scaleOf(previous, paths, custom ? noReplicas : 0));
      if (custom) requireSomeReplicas(wanted, paths);
      else requireReplicas(wanted);
      return withReplicas(previous, paths, wanted.spec?.replicas ?? 0);
    },
  });
  return shown(scaleOf(await viewOf(context.target.served, result.object), paths));
}

/** Whoever is asked about a write of replicas sees Scales. */
const guiseOf = (paths: ScalePaths): Guise => ({
  show: (object) => scaleOf(object, paths) as unknown as Draft,
  take: (shown, draft) => setReplicas(draft, paths, (shown as unknown as Scale).spec?.replicas ?? 0),
});

/** How many there may be is a matter of a custom resource's own validation. */
function requireSomeReplicas({ spec }: Scale, paths: ScalePaths): void {
  if (spec?.replicas === noReplicas)
    throw badRequest(`the spec replicas field ${JSON.stringify(paths.replicas)} cannot be empty`);
}

function requireReplicas({ metadata, spec }: Scale): void {
  const replicas = spec?.replicas ?? 0;
  if (replicas >= 0) return;
  throw invalidObject('Scale', 'autoscaling', metadata.name ?? '', [
    invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
  ]);
}

/** Apply on a scale: its managed fields are those entries of the object's that own the replicas. */
async function applyScale(
  server: Server,
  context: WriteContext,
  paths: ScalePaths,
  read: Patch,
  options: WriteOptions,
  expected: Expected,
): Promise<Result> {
  const { kind } = expected;
  const config = configurationOf({ apiVersion: apiVersionOf(expected), kind }, read, options, context.warn);
  config.metadata.name ??= context.target.name;
  const result = await replace(server, context, {
    resourceVersion: config.metadata.resourceVersion ?? '',
    writer: 'apply',
    guise: guiseOf(paths),
    compute(previous) {
      if (context.target.served.kind.custom) throw noApply(config);
      const live = scaleOf(previous, paths);
      const [own, others] = split(previous.metadata.managedFields ?? []);
      const outcome = applyConfiguration({
        live: { ...live, metadata: { ...live.metadata, managedFields: own.map(asScaleEntry) } },
        config,
        schema: expected.schema,
        manager: context.manager,
        force: options.force,
        apiVersion: 'autoscaling/v1',
        subresource: 'scale',
        now: server.clock.now(),
        resource: { group: 'autoscaling', resource: 'scales' },
        resetFields: ['status'],
      });
      const parsed = { value: outcome.object as unknown as Record<string, unknown>, duplicates: [] };
      const merged = decodeValue(parsed, expected, 'Ignore', context.warn) as Draft & Scale;
      requireReplicas(merged);
      const draft = withReplicas(previous, paths, merged.spec.replicas ?? 0);
      const entries = (outcome.managedAfter(merged) ?? []).map((entry) =>
        timeless(asObjectEntry(entry, previous.apiVersion ?? '')),
      );
      draft.metadata.managedFields = [...others, ...entries];
      return draft;
    },
  });
  return shown(scaleOf(result.object, paths));
}

/** Upstream cannot convert an applied Scale of a custom resource. */
const noApply = (config: KubeObject): ApiError =>
  new ApiError(
    500,
    '',
    `failed to convert new object (${describe(config)}) to proper version: request to convert CR to an invalid group/version: autoscaling/v1`,
  );

const replicasOwned = (entry: ManagedFieldsEntry): boolean =>
  (entry.fieldsV1?.['f:spec'] as Record<string, unknown> | undefined)?.['f:replicas'] !== undefined;

/** Entries whose replicas are taken out, beside the rest of them that stays. */
function split(entries: readonly ManagedFieldsEntry[]): [own: ManagedFieldsEntry[], others: ManagedFieldsEntry[]] {
  const own = entries.filter(replicasOwned);
  const rest = own.map(withoutReplicas).filter((entry) => Object.keys(entry.fieldsV1 ?? {}).length > 0);
  return [own, [...entries.filter((entry) => !replicasOwned(entry)), ...rest]];
}

function withoutReplicas(entry: ManagedFieldsEntry): ManagedFieldsEntry {
  const { 'f:spec': spec, ...fields } = entry.fieldsV1 ?? {};
  const { 'f:replicas': _, ...kept } = spec as Record<string, unknown>;
  return { ...entry, fieldsV1: Object.keys(kept).length > 0 ? { ...fields, 'f:spec': kept } : fields };
}

const replicasOnly = { 'f:spec': { 'f:replicas': {} } };
const asScaleEntry = (entry: ManagedFieldsEntry): ManagedFieldsEntry => ({
  ...entry,
  apiVersion: 'autoscaling/v1',
  fieldsV1: replicasOnly,
});
const asObjectEntry = (entry: ManagedFieldsEntry, apiVersion: string): ManagedFieldsEntry => ({
  ...entry,
  apiVersion,
  fieldsV1: replicasOnly,
});

/** `missing`: how many replicas an object has that does not say. Nought is not printed. */
export function scaleOf(object: KubeObject, paths: ScalePaths, missing = 0): Scale {
  const { name = '', namespace, uid = '', resourceVersion, creationTimestamp = '' } = object.metadata;
  const replicas = (at(object, paths.replicas) as number | undefined) ?? missing;
  const selector = paths.selector && at(object, paths.selector);
  const printed =
    typeof selector === 'string' ? selector : selector === undefined ? '' : selectorText(selector as object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace && { namespace }),
      uid,
      ...(resourceVersion && { resourceVersion }),
      creationTimestamp,
    },
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: (at(object, paths.statusReplicas) as number | undefined) ?? 0,
      ...(printed && { selector: printed }),
    },
  };
}

/** Label selectors, and the plain maps of replication controllers, as text. */
function selectorText(selector: object): string {
  const whole = 'matchLabels' in selector || 'matchExpressions' in selector;
  return printSelector(selectorOf((whole ? selector : { matchLabels: selector }) as LabelSelector, 'nothing'));
}

function withReplicas(previous: KubeObject, paths: ScalePaths, replicas: number): Draft {
  const draft = copyOf(previous) as Draft;
  setReplicas(draft, paths, replicas);
  return draft;
}

function setReplicas(draft: Draft, paths: ScalePaths, replicas: number): void {
  const steps = paths.replicas.slice(1).split('.');
  const last = steps.pop() as string;
  let place = draft as Record<string, unknown>;
  for (const step of steps) place = (place[step] ??= {}) as Record<string, unknown>;
  place[last] = replicas;
}

function at(object: object, path: string): unknown {
  let value: unknown = object;
  for (const step of path.slice(1).split('.')) value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}
