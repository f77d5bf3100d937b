// Which devices a pod's claims would get on a node: the first that fit, request by request, going back where a choice leads nowhere.

import type {
  DeviceAllocationConfiguration,
  DeviceConstraint,
  DeviceRequestAllocationResult,
  DeviceSelector,
  DeviceSubRequest,
  DeviceTaint,
  DeviceToleration,
  ExactDeviceRequest,
} from '../kinds/generated/types/resource-v1.ts';
import { deviceSelection } from '../kinds/resource/device-expressions.ts';
import type { DeviceClass } from '../kinds/resource/device-class.ts';
import type { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import { CelError } from '../languages/cel/values.ts';
import { deviceKey, keyOfPooled, type Pool, type PooledDevice, poolsFor, reachOf } from './device-pools.ts';
import type { NodeInfo } from './node-info.ts';
import type { ClusterView } from './view.ts';

/** How many devices one claim may get. */
const mostDevices = 32;
/** How often a choice is tried before it counts as leading nowhere. */
const mostTries = 100_000;

/** Why the devices cannot be told: a selector that fails. */
export class SelectionError extends Error {}

/** One way to satisfy a request. */
interface Alternative {
  readonly name: string;
  readonly class: DeviceClass;
  readonly asked: ExactDeviceRequest | DeviceSubRequest;
  readonly adminAccess: boolean;
}

interface Request {
  readonly claim: ResourceClaim;
  readonly alternatives: readonly Alternative[];
}

interface Choice {
  readonly request: Request;
  readonly alternative: Alternative;
  readonly device: PooledDevice;
}

/** What the requests of some claims ask for; or the name of a class that is not there. */
export function requestsOf(claims: readonly ResourceClaim[], view: ClusterView): readonly Request[] | string {
  const requests: Request[] = [];
  for (const claim of claims) {
    for (const { name, exactly, firstAvailable } of claim.spec.devices?.requests ?? []) {
      const asked = exactly
        ? [{ name, asked: exactly }]
        : (firstAvailable ?? []).map((each) => ({ name: `${name}/${each.name}`, asked: each }));
      const alternatives: Alternative[] = [];
      for (const each of asked) {
        const found = view.deviceClass(each.asked.deviceClassName);
        if (!found) return `request ${each.name}: device class ${each.asked.deviceClassName} does not exist`;
        const adminAccess = 'adminAccess' in each.asked && each.asked.adminAccess === true;
        alternatives.push({ ...each, class: found, adminAccess });
      }
      requests.push({ claim, alternatives });
    }
  }
  return requests;
}

/**
 * The claims with the devices they get; undefined: there are not enough for all.
 * @throws SelectionError
 */
export function allocate(
  claims: readonly ResourceClaim[],
  requests: readonly Request[],
  node: NodeInfo,
  view: ClusterView,
): readonly ResourceClaim[] | undefined {
  const pools = poolsFor(node, view.resourceSlices());
  const search: Search = { requests, pools, taken: takenDevices(view.resourceClaims()), choices: [], tries: mostTries };
  if (!satisfy(search, 0)) return undefined;
  return claims.map((claim) => allocated(claim, search.choices));
}

/** The devices that claims have. Whoever looks after one as an administrator does not take it. */
function takenDevices(claims: readonly ResourceClaim[]): Set<string> {
  const results = claims.flatMap(({ status }) => status?.allocation?.devices?.results ?? []);
  return new Set(results.filter(({ adminAccess }) => !adminAccess).map(deviceKey));
}

interface Search {
  readonly requests: readonly Request[];
  readonly pools: readonly Pool[];
  readonly taken: Set<string>;
  readonly choices: Choice[];
  tries: number;
}

function satisfy(search: Search, index: number): boolean {
  const request = search.requests[index];
  if (!request) return true;
  return request.alternatives.some((alternative) => {
    const devices = search.pools.flatMap((pool) => (pool.incomplete ? [] : pool.devices));
    const fitting = devices.filter((device) => isWanted(request, alternative, device));
    if (alternative.asked.allocationMode === 'All') {
      const whole = fitting.length > 0 && !search.pools.some(({ incomplete }) => incomplete);
      return whole && takeAll(search, { request, alternative, index, devices: fitting });
    }
    return take(search, { request, alternative, index, devices: fitting }, alternative.asked.count ?? 1, 0);
  });
}

interface Taking {
  readonly request: Request;
  readonly alternative: Alternative;
  readonly index: number;
  readonly devices: readonly PooledDevice[];
}

/** So many of the devices from some place on, and then what the other requests want. */
function take(search: Search, taking: Taking, count: number, from: number): boolean {
  if (count === 0) return satisfy(search, taking.index + 1);
  for (let i = from; i < taking.devices.length && search.tries > 0; i++) {
    search.tries--;
    const device = taking.devices[i] as PooledDevice;
    if (!choose(search, taking, device)) continue;
    if (take(search, taking, count - 1, i + 1)) return true;
    unchoose(search);
  }
  return false;
}

function takeAll(search: Search, taking: Taking): boolean {
  let chosen = 0;
  while (chosen < taking.devices.length && choose(search, taking, taking.devices[chosen] as PooledDevice)) chosen++;
  if (chosen === taking.devices.length && satisfy(search, taking.index + 1)) return true;
  for (; chosen > 0; chosen--) unchoose(search);
  return false;
}

/** Takes a device unless somebody has it, the claim has enough, or a constraint speaks against it. */
function choose({ taken, choices }: Search, { request, alternative }: Taking, device: PooledDevice): boolean {
  const key = keyOfPooled(device);
  if (taken.has(key) && !alternative.adminAccess) return false;
  const own = choices.filter((each) => each.request.claim === request.claim);
  const choice: Choice = { request, alternative, device };
  if (own.length >= mostDevices) return false;
  const constraints = request.claim.spec.devices?.constraints ?? [];
  if (!constraints.every((constraint) => holds(constraint, [...own, choice]))) return false;
  choices.push(choice);
  if (!alternative.adminAccess) taken.add(key);
  return true;
}

function unchoose({ taken, choices }: Search): void {
  const last = choices.pop();
  if (last && !last.alternative.adminAccess) taken.delete(keyOfPooled(last.device));
}

// Whether a device is what is asked for

function isWanted({ claim }: Request, { name, class: of, asked }: Alternative, device: PooledDevice): boolean {
  const { namespace, name: claimName } = claim.metadata;
  const about = `claim ${namespace}/${claimName}, request ${name}`;
  return (
    selects(of.spec?.selectors, device, `class ${of.metadata.name}`) &&
    selects(asked.selectors, device, about) &&
    (device.device.taints ?? []).every((taint) => isTolerated(taint, asked.tolerations ?? []))
  );
}

function selects(
  selectors: readonly DeviceSelector[] | undefined,
  { driver, device }: PooledDevice,
  about: string,
): boolean {
  return (selectors ?? []).every(({ cel }, i) => {
    const outcome = deviceSelection(cel?.expression ?? '')(driver, device);
    if (!(outcome instanceof CelError)) return outcome;
    throw new SelectionError(`${about}: selector #${i}: CEL runtime error: ${outcome.message}`);
  });
}

const isTolerated = (taint: DeviceTaint, tolerations: readonly DeviceToleration[]): boolean =>
  (taint.effect !== 'NoSchedule' && taint.effect !== 'NoExecute') ||
  tolerations.some(
    ({ key = '', operator = 'Equal', value = '', effect }) =>
      (!effect || effect === taint.effect) &&
      (key === '' || key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  );

/** Devices of the named requests agree in an attribute, or all differ in it; each must have it. */
function holds({ requests, matchAttribute, distinctAttribute }: DeviceConstraint, choices: readonly Choice[]): boolean {
  const attribute = matchAttribute ?? distinctAttribute;
  if (attribute === undefined) return true;
  const meant = choices.filter(({ alternative: { name } }) => isNamed(name, requests ?? []));
  const values = meant.map(({ device }) => attributeOf(device, attribute));
  if (values.includes(undefined)) return false;
  const different = new Set(values).size;
  return matchAttribute === undefined ? different === values.length : different <= 1;
}

/** A request is meant by its own name, and by that of the one it is an alternative of. No names mean all. */
const isNamed = (name: string, names: readonly string[]): boolean =>
  names.length === 0 || names.includes(name) || names.includes(name.split('/')[0] ?? '');

/** In one word with its type. A name without a domain is the driver's. */
function attributeOf({ driver, device }: PooledDevice, name: string): string | undefined {
  const [domain = '', id = ''] = name.split('/');
  const found = device.attributes?.[name] ?? (domain === driver ? device.attributes?.[id] : undefined);
  return found && JSON.stringify(found);
}

// What is written

function allocated(claim: ResourceClaim, choices: readonly Choice[]): ResourceClaim {
  const own = choices.filter(({ request }) => request.claim === claim);
  const config = configOf(claim, own);
  const nodeSelector = reachOf(own.map(({ device }) => device));
  const devices = { results: own.map(resultOf), ...(config.length > 0 && { config }) };
  return { ...claim, status: { ...claim.status, allocation: { devices, ...(nodeSelector && { nodeSelector }) } } };
}

function resultOf({ alternative, device }: Choice): DeviceRequestAllocationResult {
  const { tolerations } = alternative.asked;
  return {
    request: alternative.name,
    driver: device.driver,
    pool: device.pool,
    device: device.device.name,
    ...(alternative.adminAccess && { adminAccess: true }),
    ...(tolerations && tolerations.length > 0 && { tolerations }),
  };
}

/** What classes say, each once with the requests it is for, and then what the claim says of requests that were satisfied. */
function configOf(claim: ResourceClaim, choices: readonly Choice[]): DeviceAllocationConfiguration[] {
  const byClass = new Map<DeviceClass, Set<string>>();
  for (const { alternative } of choices) {
    byClass.set(alternative.class, (byClass.get(alternative.class) ?? new Set()).add(alternative.name));
  }
  const ofClasses = [...byClass].flatMap(([{ spec }, requests]) =>
    (spec?.config ?? []).map((each) => ({ source: 'FromClass' as const, requests: [...requests], ...each })),
  );
  const names = choices.map(({ alternative }) => alternative.name);
  const ofClaim = (claim.spec.devices?.config ?? [])
    .filter(({ requests = [] }) => names.some((name) => isNamed(name, requests)))
    .map((each) => ({ source: 'FromClaim' as const, ...each }));
  return [...ofClasses, ...ofClaim];
}
