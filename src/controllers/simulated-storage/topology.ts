// Where a volume is made: in reach of the node that waits for it, or else spread over the places that are allowed.

import { fnv32 } from '../../base/hash.ts';
import type { Node } from '../../kinds/core/node.ts';
import type { TopologySelectorTerm, VolumeNodeAffinity } from '../../kinds/generated/types/core-v1.ts';

/** One place: label keys and values that its nodes have. */
export type Place = Readonly<Record<string, string>>;

const zone = 'topology.kubernetes.io/zone';

export interface Wish {
  /** The claim's name: the claims of a StatefulSet are spread by their ordinals. */
  readonly claimName: string;
  readonly allowed: readonly TopologySelectorTerm[];
  /** The node chosen for the first consumer. */
  readonly node: Node | undefined;
  readonly nodes: readonly Node[];
}

/** No place where the nodes have none, so that every node reaches the volume. */
export function placeFor({
  claimName,
  allowed,
  node,
  nodes,
}: Wish): { readonly place?: Place } | { readonly fault: string } {
  const places = flatten(allowed);
  if (node) {
    const own = placeOf(node, keysOf(places));
    if (places.length === 0) return own ? { place: own } : {};
    const fitting = places.find((place) => own && isWithin(place, own));
    if (fitting) return { place: fitting };
    const requisite = places.map(text).sort().join(' ');
    return {
      fault: `error generating accessibility requirements: topology ${text(own ?? {})} from selected node ${JSON.stringify(node.metadata.name)} is not in requisite: [${requisite}]`,
    };
  }
  const own = nodes.map((each) => placeOf(each, [zone])).filter((place) => place !== undefined);
  const choices = new Map((places.length > 0 ? places : own).map((place) => [text(place), place]));
  const chosen = [...choices.keys()].sort()[spread(claimName) % Math.max(1, choices.size)];
  const place = chosen === undefined ? undefined : choices.get(chosen);
  return place ? { place } : {};
}

const keysOf = (places: readonly Place[]): readonly string[] =>
  places.length > 0 ? [...new Set(places.flatMap((place) => Object.keys(place)))] : [zone];

function placeOf({ metadata: { labels = {} } }: Node, keys: readonly string[]): Place | undefined {
  const entries = keys.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]] as const]));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

const isWithin = (place: Place, own: Place): boolean =>
  Object.entries(place).every(([key, value]) => own[key] === value);

/** As Go prints it. */
const text = (place: Place): string =>
  `[${Object.entries(place)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `{${key} ${value}}`)
    .join(' ')}]`;

/** Every combination of the values that each term allows. */
const flatten = (terms: readonly TopologySelectorTerm[]): Place[] =>
  terms.flatMap(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.reduce<Place[]>(
      (places, { key, values }) => places.flatMap((place) => values.map((value) => ({ ...place, [key]: value }))),
      [{}],
    ),
  );

/** From the last word of a claim's name, plus the ordinal after it: the claims of one StatefulSet lie in places after each other. */
function spread(claimName: string): number {
  const [, name = claimName, ordinal = '0'] = /^(.*)-(\d+)$/.exec(claimName) ?? [];
  return fnv32(name.slice(name.lastIndexOf('-') + 1)) + Number(ordinal);
}

/** Only nodes of the place reach the volume. */
export const affinityTo = (place: Place): VolumeNodeAffinity => ({
  required: {
    nodeSelectorTerms: [
      {
        matchExpressions: Object.entries(place).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
      },
    ],
  },
});
