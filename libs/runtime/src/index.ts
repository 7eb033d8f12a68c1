export { ComputeThread, type ComputeThreadOptions } from './compute-thread.js';
export type { ComputeHandlers, EventOf, ParamsOf } from './compute-protocol.js';
export { bundledDevices, type Device } from './device.js';
export { runGraph } from './run-graph.js';
export { serveCompute, type ServeComputeOptions } from './serve-compute.js';
export { Session, type Tensors } from './session.js';
export type { SessionOptions } from './session-options.js';
export type { TensorSignature } from './signature.js';
export { transferring } from './transferring.js';
