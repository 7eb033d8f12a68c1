/**
 * Who may import whom: the house on one screen. Every lib and app may import `errors` besides what stands here.
 * A new lib adds its line; the test fails without it.
 */
export const importTable: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  tensor: [],
  graph: ['tensor'],
  nn: ['graph', 'tensor'],
  formats: ['tensor'],
  runtime: ['tensor'],
  models: ['nn', 'graph', 'formats', 'tensor'],
  training: ['models', 'nn', 'graph', 'runtime', 'formats', 'tensor'],
  generation: ['models', 'nn', 'graph', 'runtime', 'formats', 'tensor'],
  contracts: [],
  domain: [],
  database: ['domain'],
  queue: [],
  storage: [],
  config: [],
  telemetry: [],
  'apps/api': ['contracts', 'domain', 'database', 'queue', 'storage', 'config', 'telemetry', 'formats'],
  'apps/worker': [
    'domain',
    'database',
    'queue',
    'storage',
    'config',
    'telemetry',
    'models',
    'training',
    'generation',
    'formats',
    'runtime',
  ],
  'apps/dashboard': ['contracts'],
  'apps/cli': ['contracts', 'config', 'database'],
};
