// What is wrong with the devices that a driver offers: their attributes and capacities, the counters they share, and where they are.

import { isCIdentifier, isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required, tooLong, tooMany } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import type {
  Counter,
  CounterSet,
  Device,
  DeviceAttribute,
  DeviceCounterConsumption,
  DeviceTaint,
  ResourceSliceSpec,
} from '../generated/types/resource-v1.ts';
import { csiDriverIssues } from '../pod-spec/volume-sources.ts';
import { nodeSelectorIssues } from '../pod-spec/scheduling.ts';
import { deepEqual } from '../../base/equal.ts';
import { limited, setIssues } from './sets.ts';
import { capacityIssues } from './slice-capacity.ts';

const mostDevices = 128;
const mostAdvancedDevices = 64;
const mostCounterSets = 8;
const mostCounters = 32;
const mostConsumptions = 2;
const mostAttributes = 32;
const mostAttributeValues = 48;
const mostTaints = 16;
const mostConditions = 4;
const longestValue = 64;
const longestId = 32;
const longestKey = 63 + 1 + longestId;

export function devicesIssues(spec: ResourceSliceSpec, previous: ResourceSliceSpec | undefined): Issue[] {
  const { devices = [], sharedCounters = [] } = spec;
  const advanced = devices.some(
    ({ taints = [], consumesCounters = [] }) => taints.length + consumesCounters.length > 0,
  );
  const issues: Issue[] = [];
  if (spec.sharedCounters && spec.devices) {
    issues.push(invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed'));
  }
  return [
    ...issues,
    ...setIssues(devices, advanced ? mostAdvancedDevices : mostDevices, 'spec.devices', {
      key: ({ name = '' }) => name,
      check: (device, field) =>
        deviceIssues(
          device,
          previous?.devices?.find(({ name }) => name === device.name),
          { field, byDevice: spec.perDeviceNodeSelection === true },
        ),
    }),
    ...setIssues(sharedCounters, mostCounterSets, 'spec.sharedCounters', {
      key: ({ name = '' }) => name,
      check: counterSetIssues,
    }),
  ];
}

interface Place {
  readonly field: string;
  /** Whether each device says itself which nodes it is at. */
  readonly byDevice: boolean;
}

function deviceIssues(device: Device, previous: Device | undefined, { field, byDevice }: Place): Issue[] {
  const { attributes = {}, capacity = {}, taints = [] } = device;
  const issues = complain(`${field}.name`, device.name ?? '', isDns1123Label);
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > mostAttributes) {
    const rule = `the total number of attributes and capacities must not exceed ${mostAttributes}`;
    issues.push(invalid(field, count, rule));
  }
  const values = Object.keys(attributes).length;
  if (values > mostAttributeValues) {
    const rule = `the total number of attribute values must not exceed ${mostAttributeValues}`;
    issues.push(invalid(field, values, rule));
  }
  for (const [name, attribute] of Object.entries(attributes)) {
    issues.push(...deviceNameIssues(name, `${field}.attributes`));
    issues.push(...attributeIssues(attribute, `${field}.attributes[${shortened(name, longestKey)}]`));
  }
  for (const [name, each] of Object.entries(capacity)) {
    issues.push(...deviceNameIssues(name, `${field}.capacity`));
    const shared = device.allowMultipleAllocations === true;
    issues.push(...capacityIssues(each, `${field}.capacity[${shortened(name, longestKey)}]`, shared));
  }
  if (!previous || !deepEqual(previous.taints, device.taints)) {
    issues.push(...limited(taints, mostTaints, `${field}.taints`, taintIssues));
  }
  return [
    ...issues,
    ...setIssues(device.consumesCounters ?? [], mostConsumptions, `${field}.consumesCounters`, {
      key: ({ counterSet = '' }) => counterSet,
      check: consumptionIssues,
    }),
    ...nodeIssues(device, field, byDevice),
    ...bindingIssues(device, field),
  ];
}

const effects = ['NoExecute', 'NoSchedule', 'None'];

function taintIssues({ key = '', value, effect }: DeviceTaint, field: string): Issue[] {
  const issues = complain(`${field}.key`, key, isQualifiedName);
  if (value) issues.push(...complain(`${field}.value`, value, isLabelValue));
  if (!effect) return [...issues, required(`${field}.effect`)];
  return effects.includes(effect) ? issues : [...issues, notSupported(`${field}.effect`, effect, effects)];
}

/** `name`, or `example.com/name`. */
export function deviceNameIssues(name: string, field: string): Issue[] {
  const parts = name.split('/');
  const [domain = '', id = ''] = parts;
  if (parts.length === 1) return identifierIssues(name, field);
  if (parts.length > 2) return [];
  return [
    ...(domain ? csiDriverIssues(domain, field) : [invalid(field, '', 'the domain must not be empty')]),
    ...(id ? identifierIssues(id, field) : [invalid(field, '', 'the name must not be empty')]),
  ];
}

function identifierIssues(id: string, field: string): Issue[] {
  const issues = id.length > longestId ? [tooLong(field, longestId)] : [];
  return [...issues, ...complain(field, id, isCIdentifier)];
}

/** Keys that are too long are told with their middle left out. */
function shortened(text: string, most: number): string {
  const length = Math.max(most, 16);
  if (text.length <= length) return text;
  const rest = length - 3;
  return `${text.slice(0, Math.floor((rest + 1) / 2))}...${text.slice(text.length - Math.floor(rest / 2))}`;
}

const version =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

const attributeFields = ['bool', 'int', 'string', 'version', 'bools', 'ints', 'strings', 'versions'] as const;

function attributeIssues(attribute: DeviceAttribute, field: string): Issue[] {
  const { string: text, version: release, strings = [], versions = [] } = attribute;
  const issues = [
    ...(text === undefined ? [] : textIssues(text, `${field}.string`)),
    ...(release === undefined ? [] : releaseIssues(release, `${field}.version`)),
    ...strings.flatMap((each, i) => textIssues(each, `${field}.strings[${i}]`)),
    ...versions.flatMap((each, i) => releaseIssues(each, `${field}.versions[${i}]`)),
  ];
  const given = attributeFields.filter((name) => attribute[name] !== undefined);
  if (given.length === 1) return issues;
  const shown = given.length === 0 ? '' : internalAttribute(attribute);
  return [...issues, invalid(field, shown, 'exactly one value must be specified')];
}

const textIssues = (text: string, field: string): Issue[] =>
  text.length > longestValue ? [tooLong(field, longestValue)] : [];

function releaseIssues(release: string, field: string): Issue[] {
  const rule = 'must be a string compatible with semver.org spec 2.0.0';
  return [...(version.test(release) ? [] : [invalid(field, release, rule)]), ...textIssues(release, field)];
}

/** As the API server holds it, which refusals print. */
const internalAttribute = (attribute: DeviceAttribute) => ({
  IntValue: attribute.int ?? null,
  BoolValue: attribute.bool ?? null,
  StringValue: attribute.string ?? null,
  VersionValue: attribute.version ?? null,
  BoolValues: attribute.bools ?? null,
  IntValues: attribute.ints ?? null,
  StringValues: attribute.strings ?? null,
  VersionValues: attribute.versions ?? null,
});

function countersIssues(counters: Readonly<Record<string, Counter>> | undefined, field: string): Issue[] {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return [required(field)];
  if (names.length > mostCounters) return [tooMany(field, names.length, mostCounters)];
  return names.flatMap((name) => complain(field, name, isDns1123Label));
}

function counterSetIssues({ name, counters }: CounterSet, field: string): Issue[] {
  return [
    ...(name ? complain(`${field}.name`, name, isDns1123Label) : [required(`${field}.name`)]),
    ...countersIssues(counters, `${field}.counters`),
  ];
}

function consumptionIssues({ counterSet, counters }: DeviceCounterConsumption, field: string): Issue[] {
  return [
    ...(counterSet ? complain(`${field}.counterSet`, counterSet, isDns1123Label) : [required(`${field}.counterSet`)]),
    ...countersIssues(counters, `${field}.counters`),
  ];
}

function nodeIssues(device: Device, field: string, byDevice: boolean): Issue[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!byDevice) {
    if (nodeName === undefined && !nodeSelector && allNodes === undefined) return [];
    const rule =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return [invalid(field, null, rule)];
  }
  const ways: string[] = [];
  const issues: Issue[] = [];
  if (nodeName) {
    ways.push('`nodeName`');
    issues.push(...complain(`${field}.nodeName`, nodeName, isDns1123Subdomain));
  } else if (nodeName === '') issues.push(invalid(`${field}.nodeName`, nodeName, 'must not be empty'));
  if (nodeSelector) {
    ways.push('`nodeSelector`');
    issues.push(...nodeSelectorIssues(nodeSelector, `${field}.nodeSelector`));
  }
  if (allNodes) ways.push('`allNodes`');
  else if (allNodes === false) issues.push(invalid(`${field}.allNodes`, false, 'must be either unset or set to true'));
  const rule =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (ways.length === 0) issues.push(required(field, rule));
  if (ways.length > 1) issues.push(invalid(field, `{${ways.join(', ')}}`, rule));
  return issues;
}

type Binding = Pick<Device, 'bindingConditions' | 'bindingFailureConditions'>;

/** Conditions under which a device is bound, and those under which it is not, all different. */
export function bindingIssues(
  { bindingConditions: good = [], bindingFailureConditions: bad = [] }: Binding,
  field: string,
): Issue[] {
  const list = (name: string, conditions: readonly string[]): Issue[] =>
    limited(conditions, mostConditions, `${field}.${name}`, (each, place) => complain(place, each, isQualifiedName));
  const issues = [...list('bindingConditions', good), ...list('bindingFailureConditions', bad)];
  good.forEach((each, i) => {
    if (good.indexOf(each) < i) issues.push(duplicate(`${field}.bindingConditions[${i}]`, each));
  });
  bad.forEach((each, i) => {
    const place = `${field}.bindingFailureConditions[${i}]`;
    if (bad.indexOf(each) < i) issues.push(duplicate(place, each));
    if (good.includes(each)) {
      issues.push(invalid(place, each, 'bindingFailureConditions must not overlap with bindingConditions'));
    }
  });
  if (good.length === 0 && bad.length > 0) {
    const rule = 'bindingConditions are required to use bindingFailureConditions';
    issues.push(invalid(`${field}.bindingConditions`, null, rule));
  }
  if (bad.length === 0 && good.length > 0) {
    const rule = 'bindingFailureConditions are required to use bindingConditions';
    issues.push(invalid(`${field}.bindingFailureConditions`, null, rule));
  }
  return issues;
}
