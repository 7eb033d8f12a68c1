export { collate, type Batch } from './collate.js';
export type { TrainingEvent } from './events.js';
export { fit, type TrainingRun } from './fit.js';
export type { Hyperparameters, Trainable, TrainingPlan } from './plan.js';
export { train } from './train.js';
export { gradientGraph } from './step-graphs.js';
export { trainedTensors, type TrainedTensors } from './trained-tensors.js';
export { Trainer, type StepResult, type TrainerOptions } from './trainer.js';
