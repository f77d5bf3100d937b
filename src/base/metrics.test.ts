import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('counters, gauges and histograms are shown by name, their labels in order', async () => {
  const metrics = createMetrics();
  const sizes = metrics.histogram({ name: 'sizes', help: 'How large.', labels: ['verb'], buckets: [0.5, 1, 1e6] });
  const requests = metrics.counter({ name: 'requests_total', help: 'How many\nin all.', labels: ['verb', 'code'] });
  requests('GET', '200').add();
  requests('GET', '200').add(2);
  requests('say "hi"\\', '500').add();
  for (const value of [0.5, 0.7, 2_000_000]) sizes('GET').observe(value);
  metrics.gauge({ name: 'open', help: 'Open.', labels: [] })().set(7);
  metrics.asked({ name: 'asked', help: 'Asked.', type: 'gauge', labels: ['of'] }, () => [
    { values: ['a'], value: 0.00001 },
  ]);
  metrics.counter({ name: 'never', help: 'Nothing yet.', labels: ['of'] });
  expect(await metrics.text()).toBe(
    [
      '# HELP asked Asked.',
      '# TYPE asked gauge',
      'asked{of="a"} 1e-05',
      '# HELP open Open.',
      '# TYPE open gauge',
      'open 7',
      '# HELP requests_total How many\\nin all.',
      '# TYPE requests_total counter',
      'requests_total{code="200",verb="GET"} 3',
      'requests_total{code="500",verb="say \\"hi\\"\\\\"} 1',
      '# HELP sizes How large.',
      '# TYPE sizes histogram',
      'sizes_bucket{verb="GET",le="0.5"} 1',
      'sizes_bucket{verb="GET",le="1"} 2',
      'sizes_bucket{verb="GET",le="1e+06"} 2',
      'sizes_bucket{verb="GET",le="+Inf"} 3',
      'sizes_sum{verb="GET"} 2.0000012e+06',
      'sizes_count{verb="GET"} 3',
      '',
    ].join('\n'),
  );
});
