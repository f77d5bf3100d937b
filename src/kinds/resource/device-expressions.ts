// Selectors of devices: `device.attributes['gpu.example.com'].model == 'a'`. Checked when a class or claim is written, run by the scheduler.

import { compile, describe, type Program } from '../../languages/cel/cel.ts';
import { type Environment, environment } from '../../languages/cel/environment.ts';
import { kubernetesLibraries, kubernetesOptions } from '../../languages/cel/library/kubernetes.ts';
import { quantityType, quantityValue } from '../../languages/cel/library/quantities.ts';
import { semverValue } from '../../languages/cel/library/semver.ts';
import { bindingsLibrary } from '../../languages/cel/library/spec.ts';
import { atMost } from '../../languages/cel/sizes.ts';
import type { SizeOf } from '../../languages/cel/static-costs.ts';
import { anyType, declareObject, mapOf, stringType, typeName } from '../../languages/cel/types.ts';
import {
  CelError,
  type EntryMap,
  mapOfEntries,
  MapValue,
  type Result,
  type Value,
} from '../../languages/cel/values.ts';
import type { Device, DeviceAttribute } from '../generated/types/resource-v1.ts';

/** What a selector may cost, and so what it may be expected to cost. */
const costLimit = 1_000_000;

const mostEntries = 32;
const longestDomain = 63;
const longestId = 32;
const longestDriver = 63;
const longestAttribute = 64;

const deviceType = declareObject('kubernetes.DRADevice', {
  driver: stringType,
  attributes: mapOf(stringType, mapOf(stringType, anyType)),
  capacity: mapOf(stringType, mapOf(stringType, quantityType)),
});

let known: Environment | undefined;

/** Made when the first selector comes. */
const deviceEnvironment = (): Environment =>
  (known ??= environment({
    ...kubernetesOptions,
    libraries: [...kubernetesLibraries, bindingsLibrary],
    variables: { device: deviceType },
  }));

/** How large the parts of a device can be, by their path. */
const sizeOf: SizeOf = ([variable, ...path]) => {
  if (variable !== 'device') return undefined;
  const [part, outer, inner] = path;
  if (part === 'driver') return atMost(longestDriver);
  if (part !== 'attributes' && part !== 'capacity') return undefined;
  if (outer === undefined) return atMost(mostEntries);
  if (outer === '@keys') return atMost(longestDomain);
  if (inner === undefined) return atMost(mostEntries);
  if (inner === '@keys') return atMost(longestId);
  return part === 'attributes' ? atMost(longestAttribute) : undefined;
};

/** Why a selector is refused: it is no expression about a device, or costs too much. */
export type SelectorProblem =
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'costly'; readonly message: string };

export function selectorProblem(expression: string): SelectorProblem | undefined {
  const compiled = compile(expression, deviceEnvironment());
  const { program, type } = compiled;
  if (!program) return { kind: 'invalid', message: `compilation failed: ${describe(compiled)}` };
  if (type.kind !== 'bool' && type.kind !== 'any') {
    return { kind: 'invalid', message: `must evaluate to bool or the unknown type, not ${typeName(type)}` };
  }
  if (compiled.cost(sizeOf).max <= costLimit) return undefined;
  return { kind: 'costly', message: 'too complex, exceeds cost limit' };
}

/** Whether a driver's device is what a selector asks for, or why that cannot be told. */
export type DeviceSelection = (driver: string, device: Device) => boolean | CelError;

const programs = new Map<string, Program | CelError>();
const mostPrograms = 100;

function programOf(expression: string): Program | CelError {
  const before = programs.get(expression);
  if (before) return before;
  const compiled = compile(expression, deviceEnvironment());
  const program = compiled.program ?? new CelError(`compilation failed: ${describe(compiled)}`);
  if (programs.size >= mostPrograms) programs.delete(programs.keys().next().value ?? '');
  programs.set(expression, program);
  return program;
}

/** A selector ready to be asked about devices. */
export const deviceSelection =
  (expression: string): DeviceSelection =>
  (driver, device) => {
    const program = programOf(expression);
    if (program instanceof CelError) return program;
    const value = deviceValue(driver, device);
    if (value instanceof CelError) return value;
    const outcome = program.evaluate({ device: value }, { costLimit });
    if ('error' in outcome) return new CelError(outcome.error);
    return typeof outcome.value === 'boolean'
      ? outcome.value
      : new CelError('the result of the selector could not be converted to bool');
  };

/** By domain; one that a device has nothing of is there, and empty. */
class DomainMap extends MapValue {
  readonly domains: ReadonlyMap<string, EntryMap>;
  constructor(domains: ReadonlyMap<string, EntryMap>) {
    super();
    this.domains = domains;
  }
  get size(): number {
    return this.domains.size;
  }
  get(key: Value): Value | undefined {
    return typeof key === 'string' ? (this.domains.get(key) ?? nothing) : undefined;
  }
  keys(): readonly Value[] {
    return [...this.domains.keys()];
  }
}

const nothing = mapOfEntries([]);

function deviceValue(driver: string, { attributes = {}, capacity = {} }: Device): object | CelError {
  const known = byDomain(driver, attributes, attributeValue);
  if (known instanceof CelError) return known;
  const amounts = byDomain(driver, capacity, ({ value }) => quantityValue(String(value)));
  return amounts instanceof CelError ? amounts : { driver, attributes: known, capacity: amounts };
}

/** Names without a domain are the driver's own. */
function byDomain<T>(
  driver: string,
  entries: Readonly<Record<string, T>>,
  read: (entry: T) => Result,
): DomainMap | CelError {
  const domains = new Map<string, (readonly [string, Value])[]>();
  for (const [name, entry] of Object.entries(entries)) {
    const value = read(entry);
    if (value instanceof CelError) return new CelError(`attribute ${name}: ${value.message}`);
    const slash = name.indexOf('/');
    const domain = slash < 0 ? driver : name.slice(0, slash);
    domains.set(domain, [...(domains.get(domain) ?? []), [name.slice(slash + 1), value]]);
  }
  return new DomainMap(new Map([...domains].map(([domain, known]) => [domain, mapOfEntries(known)])));
}

function attributeValue(attribute: DeviceAttribute): Result {
  if (attribute.int !== undefined) return BigInt(attribute.int);
  if (attribute.bool !== undefined) return attribute.bool;
  if (attribute.string !== undefined) return attribute.string;
  return attribute.version === undefined ? new CelError('unsupported attribute value') : semverValue(attribute.version);
}
