export { definedTask, taskDefinition, type TaskDefinition } from './defined/definition.js';
export { rowReader, type RowReader } from './read-examples.js';
export { labelsOf, taskOf, taskReference, type TaskReference } from './reference.js';
export { groupReferences, type ReadExample, type ReferenceGroup } from './references.js';
export { builtInTasks } from './registry.js';
export {
  defineTask,
  templateNames,
  type Decoding,
  type Purpose,
  type Task,
  type TemplateName,
} from './task.js';
