import { InitialSchema1764000000000 } from './1764000000000-initial-schema.js';
import { ProjectsAndKeys1764100000000 } from './1764100000000-projects-and-keys.js';
import { OperatorViews1764200000000 } from './1764200000000-operator-views.js';
import { JobWarnings1764310000000 } from './1764310000000-job-warnings.js';
import { QuantisedWeights1764400000000 } from './1764400000000-quantised-weights.js';
import { LoraAlpha1764500000000 } from './1764500000000-lora-alpha.js';
import { TunedModels1764600000000 } from './1764600000000-tuned-models.js';
import { AdapterAliases1764630000000 } from './1764630000000-adapter-aliases.js';
import { TrainingStates1764635000000 } from './1764635000000-training-states.js';
import { Evaluations1764640000000 } from './1764640000000-evaluations.js';
import { Sweeps1764660000000 } from './1764660000000-sweeps.js';
import { PausedJobs1764670000000 } from './1764670000000-paused-jobs.js';
import { StalledJobs1764710000000 } from './1764710000000-stalled-jobs.js';
import { ReadingEndpoints1764740000000 } from './1764740000000-reading-endpoints.js';
import { Tasks1764750000000 } from './1764750000000-tasks.js';
import { FileFormats1764760000000 } from './1764760000000-file-formats.js';
import { JobEvaluations1764770000000 } from './1764770000000-job-evaluations.js';
import { TrainingPriorities1764780000000 } from './1764780000000-training-priorities.js';
import { EvaluationEvents1764790000000 } from './1764790000000-evaluation-events.js';
import { Turns1764800000000 } from './1764800000000-turns.js';
import { TurnFunctions1764810000000 } from './1764810000000-turn-functions.js';
import { QuantisationNames1764820000000 } from './1764820000000-quantisation-names.js';

/** Every migration from the oldest to the newest; a new one is one import and one entry. */
export const migrations = [
  InitialSchema1764000000000,
  ProjectsAndKeys1764100000000,
  OperatorViews1764200000000,
  JobWarnings1764310000000,
  QuantisedWeights1764400000000,
  LoraAlpha1764500000000,
  TunedModels1764600000000,
  AdapterAliases1764630000000,
  TrainingStates1764635000000,
  Evaluations1764640000000,
  Sweeps1764660000000,
  PausedJobs1764670000000,
  StalledJobs1764710000000,
  ReadingEndpoints1764740000000,
  Tasks1764750000000,
  FileFormats1764760000000,
  JobEvaluations1764770000000,
  TrainingPriorities1764780000000,
  EvaluationEvents1764790000000,
  Turns1764800000000,
  TurnFunctions1764810000000,
  QuantisationNames1764820000000,
];
