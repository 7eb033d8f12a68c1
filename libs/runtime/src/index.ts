export { bundledDevices, type Device } from './device.js';
export { runGraph } from './run-graph.js';
export { Session, type Tensors } from './session.js';
export type { SessionOptions } from './session-options.js';
export type { TensorSignature } from './signature.js';
