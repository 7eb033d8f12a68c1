import { alpaca } from './formats/alpaca.js';
import { chat } from './formats/chat.js';
import { classification } from './formats/classification.js';
import { e2e } from './formats/e2e.js';
import { generic } from './formats/generic.js';
import { mnli } from './formats/mnli.js';
import { mt } from './formats/mt.js';
import { sst2 } from './formats/sst2.js';
import { webNlg } from './formats/web-nlg.js';
import { xsum } from './formats/xsum.js';
import type { Task } from './task.js';

const all = [e2e, webNlg, mt, xsum, sst2, mnli, generic, chat, alpaca, classification];

/** Every task that is built in by name; a new one is a file and its place here. */
export const builtInTasks: ReadonlyMap<string, Task> = new Map(all.map((task) => [task.name, task]));
