// What is wrong with the files that volumes are made of: keys of config maps and secrets, fields of pods.

import { type Issue, invalid, required } from '../../api/issues.ts';
import { nonReservedPathIssues } from '../checks.ts';
import type { DownwardAPIVolumeFile, KeyToPath } from '../generated/types/core-v1.ts';
import { fieldReferenceIssues, resourceReferenceIssues } from './environment.ts';

interface Files {
  readonly items?: readonly KeyToPath[];
  readonly defaultMode?: number;
}

/** Files made of the keys of a config map or secret. */
export function fileIssues(source: Files | undefined, field: string): Issue[] {
  return [
    ...modeIssues(source?.defaultMode, `${field}.defaultMode`),
    ...(source?.items ?? []).flatMap((item, i) => keyToPathIssues(item, `${field}.items[${i}]`)),
  ];
}

function keyToPathIssues({ key, path, mode }: KeyToPath, field: string): Issue[] {
  return [
    ...(key ? [] : [required(`${field}.key`)]),
    ...(path ? nonReservedPathIssues(path, `${field}.path`) : [required(`${field}.path`)]),
    ...modeIssues(mode, `${field}.mode`),
  ];
}

export function modeIssues(mode: number | undefined, field: string): Issue[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

const volumeFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

export function downwardFileIssues(file: DownwardAPIVolumeFile, field: string): Issue[] {
  const issues = file.path ? nonReservedPathIssues(file.path, `${field}.path`) : [required(`${field}.path`)];
  if (file.fieldRef) {
    issues.push(...fieldReferenceIssues(file.fieldRef, `${field}.fieldRef`, volumeFields));
    if (file.resourceFieldRef) {
      const rule = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      issues.push(invalid(field, 'resource', rule));
    }
  } else if (file.resourceFieldRef) {
    issues.push(...resourceReferenceIssues(file.resourceFieldRef, `${field}.resourceFieldRef`, 'of a container'));
  } else {
    issues.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...issues, ...modeIssues(file.mode, `${field}.mode`)];
}
