// What expressions in Kubernetes 1.36 may use.

import type { EnvironmentOptions, Library } from '../environment.ts';
import { addressesLibrary } from './addresses.ts';
import { authorizerLibrary } from './authorizer.ts';
import { formatsLibrary } from './formats.ts';
import { kubernetesListsLibrary, listsLibrary, setsLibrary } from './lists.ts';
import { optionalLibrary } from './optional.ts';
import { quantitiesLibrary } from './quantities.ts';
import { regexLibrary } from './regex.ts';
import { semverLibrary } from './semver.ts';
import { twoVariableLibrary } from './spec.ts';
import { standardLibrary } from './standard.ts';
import { stringsLibrary } from './strings.ts';
import { urlsLibrary } from './urls.ts';

export const kubernetesLibraries: readonly Library[] = [
  standardLibrary,
  urlsLibrary,
  regexLibrary,
  kubernetesListsLibrary,
  authorizerLibrary,
  optionalLibrary,
  quantitiesLibrary,
  stringsLibrary({ style: 'kubernetes', reverse: false }),
  setsLibrary,
  addressesLibrary,
  formatsLibrary,
  twoVariableLibrary,
  semverLibrary,
  listsLibrary,
];

/** Everything an environment of Kubernetes has but its variables: `environment({ ...kubernetesOptions, variables })`. */
export const kubernetesOptions: EnvironmentOptions = {
  libraries: kubernetesLibraries,
  literalChecks: true,
  formatChecks: 'kubernetes',
};
