// Numbers that are counted while a program runs, and shown as text in Prometheus' form.

export type Stability = 'STABLE' | 'BETA' | 'ALPHA';

export interface MetricSpec {
  readonly name: string;
  readonly help: string;
  /** How far its name and labels can be relied on; told before the help. */
  readonly stability?: Stability;
  /** Since when it should not be used any more. */
  readonly deprecatedVersion?: string;
  readonly labels: readonly string[];
}

/** One number of a counter, with its labels' values settled: cheap to keep and to add to. */
export interface Count {
  add(by?: number): void;
}

export interface Histogram {
  observe(value: number): void;
}

export interface Sample {
  /** In the order of the labels. */
  readonly values: readonly string[];
  readonly value: number;
}

export interface Metrics {
  /** Finds or makes the number for these labels' values. */
  counter(spec: MetricSpec): (...values: readonly string[]) => Count;
  /** The same, for numbers that fall as well. */
  gauge(spec: MetricSpec): (...values: readonly string[]) => Count & { set(value: number): void };
  histogram(spec: MetricSpec & { readonly buckets: readonly number[] }): (...values: readonly string[]) => Histogram;
  /** Asked for when the text is. */
  asked(
    spec: MetricSpec & { readonly type: 'gauge' | 'counter' },
    read: () => readonly Sample[] | Promise<readonly Sample[]>,
  ): void;
  /** All there are, whether they have numbers yet or not. */
  specs(): readonly MetricSpec[];
  text(): Promise<string>;
}

/** How many sets of labels a metric keeps; what comes beyond is counted in nobody's name. */
const mostSeries = 10_000;

interface Family {
  readonly spec: MetricSpec;
  readonly type: string;
  lines(): readonly string[] | Promise<readonly string[]>;
}

export function createMetrics(): Metrics {
  const families: Family[] = [];

  function series<T>(
    spec: MetricSpec,
    make: () => T,
  ): { of(...values: readonly string[]): T; all(): Iterable<[readonly string[], T]> } {
    const known = new Map<string, { readonly values: readonly string[]; readonly made: T }>();
    return {
      of(...values) {
        const key = values.join('\u0001');
        const found = known.get(key);
        if (found) return found.made;
        const made = make();
        if (known.size < mostSeries) known.set(key, { values, made });
        return made;
      },
      *all() {
        for (const { values, made } of known.values()) yield [values, made];
      },
    };
  }

  function numbers(spec: MetricSpec, type: 'counter' | 'gauge') {
    const { of, all } = series(spec, () => {
      const number = {
        value: 0,
        add: (by = 1) => void (number.value += by),
        set: (value: number) => void (number.value = value),
      };
      return number;
    });
    families.push({
      spec,
      type,
      lines: () =>
        Array.from(all(), ([values, { value }]) => line(spec.name, labelled(spec, values), numberText(value))),
    });
    return of;
  }

  return {
    counter: (spec) => numbers(spec, 'counter'),
    gauge: (spec) => numbers(spec, 'gauge'),

    histogram(spec) {
      const { of, all } = series(spec, () => distribution(spec.buckets));
      families.push({
        spec,
        type: 'histogram',
        lines: () => [...all()].flatMap(([values, each]) => bucketLines(spec, values, each)),
      });
      return of;
    },

    asked(spec, read) {
      const lines = async () =>
        (await read()).map(({ values, value }) => line(spec.name, labelled(spec, values), numberText(value)));
      families.push({ spec, type: spec.type, lines });
    },

    specs: () => families.map(({ spec }) => spec),

    async text() {
      const ordered = [...families].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
      const parts: string[] = [];
      for (const { spec, type, lines } of ordered) {
        const found = await lines();
        if (found.length > 0)
          parts.push(`# HELP ${spec.name} ${escaped(helpOf(spec))}`, `# TYPE ${spec.name} ${type}`, ...found);
      }
      return parts.map((each) => `${each}\n`).join('');
    },
  };
}

const helpOf = ({ stability, deprecatedVersion, help }: MetricSpec): string =>
  [stability && `[${stability}]`, deprecatedVersion && `(Deprecated since ${deprecatedVersion})`, help]
    .filter(Boolean)
    .join(' ');

interface Distribution extends Histogram {
  readonly counts: readonly number[];
  sum(): number;
}

function distribution(buckets: readonly number[]): Distribution {
  const counts = new Array<number>(buckets.length + 1).fill(0);
  let sum = 0;
  return {
    observe(value) {
      let at = 0;
      while (at < buckets.length && value > (buckets[at] as number)) at++;
      counts[at] = (counts[at] as number) + 1;
      sum += value;
    },
    counts,
    sum: () => sum,
  };
}

function bucketLines(
  spec: MetricSpec & { readonly buckets: readonly number[] },
  values: readonly string[],
  { counts, sum }: Distribution,
): string[] {
  const labels = labelled(spec, values);
  let below = 0;
  const cumulated = counts.map((count) => (below += count));
  const bounds = [...spec.buckets.map(numberText), '+Inf'];
  return [
    ...bounds.map((bound, at) => line(`${spec.name}_bucket`, [...labels, ['le', bound]], String(cumulated[at] ?? 0))),
    line(`${spec.name}_sum`, labels, numberText(sum())),
    line(`${spec.name}_count`, labels, String(below)),
  ];
}

type Labels = readonly (readonly [string, string])[];

const labelled = ({ labels }: MetricSpec, values: readonly string[]): Labels =>
  labels.map((label, at) => [label, values[at] ?? ''] as const);

/** Labels by name, but for a bucket's bound, which comes last. */
function line(name: string, labels: Labels, value: string): string {
  const ordered = [...labels].sort(([a], [b]) => (a === 'le' ? 1 : b === 'le' ? -1 : a < b ? -1 : 1));
  const inside = ordered.map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`).join(',');
  return `${name}${inside && `{${inside}}`} ${value}`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** As Go writes floating-point numbers: from a million on, and below a ten-thousandth, with an exponent of two digits at least. */
function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
