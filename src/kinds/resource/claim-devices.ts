// What is wrong with what drivers report of a claim's devices: only those that the claim got, with conditions, data and addresses.

import { isDns1123Label } from '../../base/names.ts';
import { utf8Length } from '../../base/bytes.ts';
import { formatIp, parseCidr } from '../../base/ip.ts';
import { type Issue, duplicate, invalid, required, tooLong, tooMany } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { conditionIssues } from '../conditions.ts';
import type { AllocatedDeviceStatus, AllocationResult, NetworkDeviceData } from '../generated/types/resource-v1.ts';
import { csiDriverIssues } from '../pod-spec/volume-sources.ts';
import { poolNameIssues } from './pool.ts';
import { setIssues } from './sets.ts';

const mostConditions = 8;
const mostAddresses = 16;
const longestData = 10 * 1024;
const longestInterface = 256;
const longestHardware = 128;

type Named = Partial<Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>>;

/** As Kubernetes tells inside which device is meant, and refusals print it. */
const inside = ({ driver = '', pool = '', device = '', shareID = '' }: Named): object => ({
  Driver: driver,
  Pool: pool,
  Device: device,
  ShareID: shareID,
});

const keyOf = (named: Named): string => JSON.stringify(inside(named));

export function reportedDevicesIssues(
  devices: readonly AllocatedDeviceStatus[],
  allocation: AllocationResult | undefined,
  field: string,
): Issue[] {
  const given = new Set(allocation?.devices?.results?.map(keyOf));
  const keys = devices.map(keyOf);
  return [
    ...devices.flatMap((device, i) => deviceIssues(device, given, `${field}[${i}]`)),
    ...devices.flatMap((device, i) =>
      keys.indexOf(keyOf(device)) < i ? [duplicate(`${field}[${i}]`, inside(device))] : [],
    ),
  ];
}

function deviceIssues(status: AllocatedDeviceStatus, given: ReadonlySet<string>, field: string): Issue[] {
  const { driver = '', pool = '', device = '', shareID, conditions = [], data, networkData } = status;
  const issues = [
    ...csiDriverIssues(driver, `${field}.driver`),
    ...poolNameIssues(pool, `${field}.pool`),
    ...complain(`${field}.device`, device, isDns1123Label),
    ...(shareID === undefined ? [] : shareIssues(shareID, `${field}.shareID`)),
  ];
  if (!given.has(keyOf(status)))
    issues.push(invalid(field, inside(status), 'must be an allocated device in the claim'));
  if (conditions.length > mostConditions) {
    issues.push(tooMany(`${field}.conditions`, conditions.length, mostConditions));
  }
  return [
    ...issues,
    ...conditionIssues(conditions, `${field}.conditions`),
    ...(data === undefined ? [] : dataIssues(data, `${field}.data`)),
    ...(networkData ? networkIssues(networkData, `${field}.networkData`) : []),
  ];
}

function dataIssues(data: unknown, field: string): Issue[] {
  if (data === null) return [required(field)];
  if (utf8Length(JSON.stringify(data)) > longestData) return [tooLong(field, longestData)];
  if (typeof data === 'object' && !Array.isArray(data)) return [];
  return [invalid(field, '<value omitted>', 'must be a valid JSON object')];
}

function networkIssues({ interfaceName, hardwareAddress, ips }: NetworkDeviceData, field: string): Issue[] {
  const issues: Issue[] = [];
  if (utf8Length(interfaceName ?? '') > longestInterface) {
    issues.push(tooLong(`${field}.interfaceName`, longestInterface));
  }
  if (utf8Length(hardwareAddress ?? '') > longestHardware) {
    issues.push(tooLong(`${field}.hardwareAddress`, longestHardware));
  }
  return [...issues, ...setIssues(ips ?? [], mostAddresses, `${field}.ips`, { key: (ip) => ip, check: addressIssues })];
}

/** `10.9.8.7/24`, with the address whole. */
function addressIssues(text: string, field: string): Issue[] {
  const cidr = parseCidr(text);
  if (!cidr) {
    const rule = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
    return [invalid(field, text, rule)];
  }
  const canonical = `${formatIp(cidr.ip)}/${cidr.length}`;
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form ("${canonical}")`)];
}

const uid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

export function shareIssues(id: string, field: string): Issue[] {
  if (uid.test(id)) return [];
  const rule =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
  const { length } = id;
  return [
    invalid(field, id, uid.test(id.toLowerCase()) ? rule : `error validating uid: invalid UUID length: ${length}`),
  ];
}
