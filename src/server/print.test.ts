import { expect, test } from 'vitest';
import { kinds as allKinds } from '../kinds/index.ts';
import { servedKinds } from '../kinds/served.ts';
import { emptyObject, print, type Printing } from './print.ts';

const kinds = servedKinds(
  allKinds,
  () => true,
  () => true,
);

const forms = ['object', 'Table', 'PartialObjectMetadata'] as const;

test.each(kinds.filter((kind) => kind.verbs.includes('watch')).map((kind) => [kind.plural, kind] as const))(
  'the initial events of a watch of %s end with a bookmark in every form',
  (_, kind) => {
    for (const shape of forms) {
      const printing: Printing = {
        served: { kind, version: kind.versions[0] as (typeof kind.versions)[0] },
        negotiated: { format: 'json', shape, shapeVersion: 'v1', contentType: 'application/json' },
        inProcess: false,
        now: 0,
        describe: () => '',
        includeObject: 'Metadata',
      };
      const steps = {
        subscribe(sink: (steps: readonly { type: 'BOOKMARK'; revision: number; initialEventsEnd: boolean }[]) => void) {
          sink([{ type: 'BOOKMARK', revision: 7, initialEventsEnd: true }]);
          return () => {};
        },
      };
      const { body } = print({ type: 'watch', steps }, printing);
      const frames: string[] = [];
      if (body.type === 'stream')
        body.chunks.subscribe(
          (chunks) => frames.push(...chunks.map((chunk) => new TextDecoder().decode(chunk))),
          () => {},
        );
      const event = JSON.parse(frames.join('')) as { type: string; object: { metadata: { resourceVersion: string } } };
      expect(event.type).toBe('BOOKMARK');
      expect(event.object.metadata.resourceVersion).toBe('7');
    }
  },
);

test('what is left of an empty pod is what Go would print', () => {
  const pod = kinds.find((kind) => kind.plural === 'pods' && kind.group === '') as (typeof kinds)[0];
  expect(emptyObject(pod, pod.versions[0])).toEqual({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {},
    spec: { containers: null },
    status: {},
  });
});
