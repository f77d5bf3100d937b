// The name of a cluster, as given or `default`, and what to say when there is none of that name.

import { isDns1123Label } from '../base/names.ts';
import { clusterNames } from '../edge/state-folder.ts';
import { UserError } from './errors.ts';

export function clusterNameOf(given: string | undefined): string {
  const name = given ?? 'default';
  if (isDns1123Label(name).length > 0) {
    throw new UserError(
      `${JSON.stringify(name)} is no name for a cluster: use lower-case letters, digits and dashes, like shop or pr-42`,
    );
  }
  return name;
}

export function noSuchCluster(home: string, name: string): UserError {
  const known = clusterNames(home);
  const others = known.length > 0 ? `There are: ${known.join(', ')}` : 'There is none at all';
  return new UserError(
    `there is no cluster ${name}. ${others}. Start it: portolan up${name === 'default' ? '' : ` ${name}`}`,
  );
}
