export { adoptQuantised } from './adopt-quantised.js';
export { openBaseModel, readManifest, type BaseModel } from './base-model.js';
export { modelFiles, type Manifest } from './base-model-folder.js';
export { fetchModelSource } from './fetch-model-source.js';
export { layoutOf } from './layout-of.js';
export { importBaseModel, type ImportOptions, type ImportProgress } from './import-base-model.js';
export { openQuantised } from './open-quantised.js';
export { quantise, type QuantisedBits } from './quantise.js';
export { baseWeights, runOnBase } from './run-on-base.js';
