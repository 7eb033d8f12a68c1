export {
  accessEnv,
  clientEnv,
  databaseEnv,
  dataEnv,
  engineEnv,
  httpEnv,
  hubEnv,
  loggingEnv,
  redisEnv,
  scalingEnv,
  workerEnv,
} from './fragments.js';
export { codeVersion } from './code-version.js';
export { loadEnv, readEnv, type Env, type EnvFragment, type EnvSource } from './load-env.js';
export { address, flag, secretsOf, wholeNumber, wordsOf } from './text-values.js';
export {
  describeVariables,
  envSections,
  renderEnvExample,
  type EnvSection,
  type EnvVariable,
} from './env-example.js';
export { insertEnvTable, renderEnvTable } from './env-table.js';
