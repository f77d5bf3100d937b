// Simple JSON paths, as definitions of custom resources use them for columns, selectable fields and replicas:
// `.spec.a`, `.metadata.labels['x/y']`, `.list[0]`, `.list[*].name`, `.conditions[?(@.type=="Ready")].status`.

type Step =
  | { readonly name: string }
  | { readonly index: number }
  | { readonly all: true }
  | { readonly where: readonly string[]; readonly equals: unknown };

const grammar =
  /\.\.?(?<name>(?:\\.|[^.[\]\\])+)|\['(?<quoted>(?:[^'\\]|\\.)*)'\]|\["(?<doubly>(?:[^"\\]|\\.)*)"\]|\[(?<index>-?\d+)\]|(?<all>\[\*\]|\.\*)|\[\?\(\s*@\.(?<where>[\w.]+)\s*==\s*(?<equals>[^)]+?)\s*\)\]/uy;

const known = new Map<string, readonly Step[] | undefined>();

/** Undefined for a path of another form. */
function stepsOf(path: string): readonly Step[] | undefined {
  if (!known.has(path)) known.set(path, parse(path));
  return known.get(path);
}

function parse(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  grammar.lastIndex = 0;
  while (grammar.lastIndex < path.length) {
    const groups = grammar.exec(path)?.groups;
    if (!groups) return undefined;
    steps.push(stepOf(groups));
  }
  return steps;
}

function stepOf(groups: Readonly<Record<string, string | undefined>>): Step {
  const { name, quoted, doubly, index, all, where, equals } = groups;
  if (all !== undefined || name === '*') return { all: true };
  if (index !== undefined) return { index: Number(index) };
  if (where !== undefined) return { where: where.split('.'), equals: literal(equals ?? '') };
  return { name: (name ?? quoted ?? doubly ?? '').replace(/\\(.)/gu, '$1') };
}

function literal(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/s.exec(text);
  if (quoted) return quoted[2];
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** All values at the path; none where something on the way is missing. */
export function valuesAt(object: unknown, path: string): unknown[] {
  const steps = stepsOf(path);
  if (!steps) return [];
  return steps.reduce<unknown[]>((values, step) => values.flatMap((value) => follow(value, step)), [object]);
}

function follow(value: unknown, step: Step): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('all' in step) return Object.values(value);
  if ('index' in step) {
    const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
    return item === undefined ? [] : [item];
  }
  if ('where' in step) {
    const items: unknown[] = Array.isArray(value) ? value : [];
    return items.filter((item) => step.where.reduce<unknown>(memberOf, item) === step.equals);
  }
  const member = memberOf(value, step.name);
  return member === undefined ? [] : [member];
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
