import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.js';

describe('Metrics', () => {
  it('gives counters, histograms and gauges in the text format with the service as label', async () => {
    const metrics = new Metrics('worker');
    const tokens = metrics.counter({
      name: 'prad_generated_tokens_total',
      help: 'Tokens.',
      labels: ['model'],
    });
    tokens.inc({ model: 'm' }, 3);
    metrics.histogram({ name: 'prad_prefill_seconds', help: 'Time.' }, [1, 2]).observe(1.5);
    metrics.gauge({ name: 'prad_memory_bytes', help: 'Memory.' }, (gauge) => {
      gauge.set(7);
    });
    const text = await metrics.text();
    expect(text).toContain('prad_generated_tokens_total{model="m",service="worker"} 3');
    expect(text).toContain('prad_prefill_seconds_bucket{le="2",service="worker"} 1');
    expect(text).toContain('prad_memory_bytes{service="worker"} 7');
    expect(text).toContain('process_resident_memory_bytes');
    expect(metrics.contentType).toContain('text/plain');
  });

  it('refuses names that break the conventions', () => {
    const metrics = new Metrics('worker');
    const help = 'x';
    expect(() => metrics.counter({ name: 'prad_tokens', help })).toThrow('_total');
    expect(() => metrics.counter({ name: 'tokens_total', help })).toThrow('prad_');
    expect(() => metrics.histogram({ name: 'prad_prefill_ms', help })).toThrow('_seconds');
    expect(() => metrics.gauge({ name: 'prad_jobs_total', help })).toThrow('_total');
  });
});
