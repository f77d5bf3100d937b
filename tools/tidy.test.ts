import { expect, test } from 'vitest';
import { banFaults, floorFaults, headlineFaults, houseFaults, orphanFaults } from './tidy.ts';

test('the house keeps its own rules', () => {
  expect(houseFaults()).toEqual([]);
});

test('an import may go down or stay, but neither up nor to a neighbour', () => {
  const faults = (path: string, to: string) => floorFaults([{ path, imports: [to] }]).length;
  expect(faults('server/a.ts', 'api/b.ts')).toBe(0);
  expect(faults('server/a.ts', 'server/b.ts')).toBe(0);
  expect(faults('api/a.ts', 'server/b.ts')).toBe(1);
  expect(faults('scheduler/a.ts', 'controllers/b.ts')).toBe(1);
  expect(faults('cluster/a.ts', 'edge/b.ts')).toBe(1);
});

test('only the edge touches the machine', () => {
  const line = 'const now = Date.now();';
  expect(banFaults([{ path: 'server/a.ts', text: line }])).toHaveLength(1);
  expect(banFaults([{ path: 'edge/a.ts', text: line }])).toEqual([]);
  expect(banFaults([{ path: 'server/a.ts', text: `// ${line}` }])).toEqual([]);
});

test('a file that nothing imports is told', () => {
  const files = [
    { path: 'base/used.ts', imports: [] },
    { path: 'base/lost.ts', imports: ['base/used.ts'] },
  ];
  expect(orphanFaults(files).join()).toContain('base/lost.ts');
  expect(orphanFaults(files)).toHaveLength(1);
});

test('a file says first what it is for', () => {
  expect(headlineFaults([{ path: 'base/a.ts', text: 'export const a = 1;' }])).toHaveLength(1);
});
