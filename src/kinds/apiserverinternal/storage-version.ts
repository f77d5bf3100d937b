// StorageVersion: in which version each API server writes a resource, and which versions it can read.

import { isDns1035Label, isDns1123Subdomain, isQualifiedName } from '../../base/names.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  ServerStorageVersion,
  StorageVersionCondition,
  StorageVersionStatus,
  StorageVersion as Shape,
} from '../generated/types/apiserverinternal-v1alpha1.ts';
import { keepMetadata } from '../status-update.ts';

export type StorageVersion = Shape;

const statusField = (field: string) => ({ type: 'io.k8s.api.apiserverinternal.v1alpha1.StorageVersionStatus', field });

export const StorageVersion = defineKind<StorageVersion>('internal.apiserver.k8s.io/v1alpha1', 'StorageVersion', {
  nameRule: 'pathSegment',
  requireVersionOnUpdate: true,
  generation: 'none',
  prepareForStatusUpdate: keepMetadata,
  resetFields: { '': [], status: [] },
  validate: ({ metadata, status }) => [
    ...complain('metadata.name', metadata.name ?? '', isResourceName),
    ...statusIssues(status ?? {}),
  ],
  validateUpdate: () => [],
  validateStatusUpdate: ({ status }) => statusIssues(status ?? {}),
  columns: [
    nameColumn,
    textColumn('CommonEncodingVersion', statusField('commonEncodingVersion'), ({ status }) => {
      return status?.commonEncodingVersion ?? '<unset>';
    }),
    textColumn('StorageVersions', statusField('storageVersions'), ({ status }) => {
      return serversCell(status?.storageVersions ?? []);
    }),
    ageColumn,
  ],
});

const mostShown = 3;

function serversCell(servers: readonly ServerStorageVersion[]): string {
  if (servers.length === 0) return '<unset>';
  const shown = servers
    .slice(0, mostShown)
    .map(({ apiServerID, encodingVersion }) => `${apiServerID}=${encodingVersion}`);
  const more = servers.length - mostShown;
  return more > 0 ? `${shown.join(',')} + ${more} more...` : shown.join(',');
}

/** `<group>.<resource>`. */
function isResourceName(name: string): string[] {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return ['name must be in the form of <group>.<resource>'];
  return [
    ...isDns1123Subdomain(name.slice(0, dot)).map((text) => `the group segment ${text}`),
    ...isDns1035Label(name.slice(dot + 1)).map((text) => `the resource segment ${text}`),
  ];
}

function statusIssues(status: StorageVersionStatus): Issue[] {
  const servers = status.storageVersions ?? [];
  return [
    ...servers.flatMap((server, i) => serverIssues(server, `status.storageVersions[${i}]`)),
    ...commonIssues(servers, status.commonEncodingVersion),
    ...(status.conditions ?? []).flatMap(conditionIssues),
  ];
}

function serverIssues(server: ServerStorageVersion, field: string): Issue[] {
  const { apiServerID = '', encodingVersion: encoding = '' } = server;
  const decodable = server.decodableVersions ?? [];
  const issues = [
    ...complain(`${field}.apiServerID`, apiServerID, isDns1123Subdomain),
    ...versionIssues(encoding, `${field}.encodingVersion`),
    ...decodable.flatMap((version, i) => versionIssues(version, `${field}.decodableVersions[${i}]`)),
  ];
  if (!decodable.includes(encoding)) {
    const rule = `decodableVersions must include encodingVersion ${encoding}`;
    issues.push(invalid(`${field}.decodableVersions`, server.decodableVersions ?? null, rule));
  }
  (server.servedVersions ?? []).forEach((version, i) => {
    const place = `${field}.servedVersions[${i}]`;
    issues.push(...versionIssues(version, place));
    if (decodable.includes(version)) return;
    const rule = `individual served version : ${version} must be included in decodableVersions : [${decodable.join(' ')}]`;
    issues.push(invalid(place, version, rule));
  });
  return issues;
}

/** One issue with all that is wrong. */
function versionIssues(version: string, field: string): Issue[] {
  const faults = apiVersionFaults(version);
  return faults.length > 0 ? [invalid(field, version, faults.join(','))] : [];
}

const labelForm = '[a-z]([-a-z0-9]*[a-z0-9])?';
const labelRule =
  "a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";

/** `v1`, or `apps/v1`. */
function apiVersionFaults(apiVersion: string): string[] {
  const parts = apiVersion.split('/');
  if (parts.length > 2) {
    return [
      `an apiVersion is ${labelRule} (e.g. 'my-name',  or 'abc-123', regex used for validation is '${labelForm}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')`,
    ];
  }
  const [group, version = ''] = parts.length === 2 ? parts : [undefined, parts[0]];
  return [
    ...(group === undefined ? [] : partFaults('group', group, isDns1123Subdomain)),
    ...partFaults('version', version, isDns1035Label),
  ];
}

const partFaults = (part: string, text: string, check: (text: string) => string[]): string[] =>
  (text === '' ? ['must be non-empty'] : check(text)).map((fault) => `${part} part: ${fault}`);

/** What all servers write, if they agree. */
function commonIssues(servers: readonly ServerStorageVersion[], said: string | undefined): Issue[] {
  const field = 'status.commonEncodingVersion';
  const [first, ...others] = servers.map(({ encodingVersion }) => encodingVersion ?? '');
  const common = first !== undefined && others.every((other) => other === first) ? first : undefined;
  if (common === said) return [];
  if (common === undefined) {
    const rule =
      'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet';
    return [invalid(field, said, rule)];
  }
  if (said === undefined) return [invalid(field, null, `the common encoding version is ${common}`)];
  return [invalid(field, said, `the actual common encoding version is ${common}`)];
}

/** The fields are named without the list they are in, as Kubernetes does. */
function conditionIssues(
  { type = '', status, reason, message }: Partial<StorageVersionCondition>,
  i: number,
  all: readonly Partial<StorageVersionCondition>[],
): Issue[] {
  const field = `status[${i}]`;
  const before = all.slice(0, i).findLastIndex((other) => other.type === type);
  const again = `the type of the condition is not unique, it also appears in conditions[${before}]`;
  return [
    ...(before >= 0 ? [invalid(`${field}.type`, type, again)] : []),
    ...complain(`${field}.type`, type, isQualifiedName),
    ...isQualifiedName(status ?? '').map((text) => invalid(`${field}.status`, type, text)),
    ...(reason ? [] : [required(`${field}.reason`, 'reason cannot be empty')]),
    ...(message ? [] : [required(`${field}.message`, 'message cannot be empty')]),
  ];
}
