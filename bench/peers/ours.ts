import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { encodeSafetensors } from '@prad/formats';
import { openBaseModel } from '@prad/models';
import { Trainer, collate, trainedTensors } from '@prad/training';
import type { StepTask } from './step-task.js';

/** Our side of the training bench, in a process of its own: one JSON answer for each line on stdin. */
const task = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as StepTask;
const model = await openBaseModel(task.modelFolder, 'bench');
const { method, options, scope, promptLength } = task;
const trained = trainedTensors(model, { kind: 'adapter', method, options, scope });
const batch = collate(
  task.tokens.map((tokens) => ({ tokens, promptLength })),
  trained.maskOf,
  model.dimensions.vocabSize,
);
const trainer = await Trainer.open(model, trained, {
  learningRate: task.learningRate,
  warmupSteps: 0,
  totalSteps: task.totalSteps,
  weightDecay: 0,
  maxGradNorm: 1,
  seed: 1,
  intraOpThreads: task.threads,
});
// The other side starts from these.
await writeFile(task.start, encodeSafetensors(trainer.tensors, {}));

const commands = {
  step: async () => ({ loss: (await trainer.step(batch)).loss }),
  peak: async () => {
    // Not resourceUsage(), whose peak counts the process that this one was started from.
    const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
    const sizes = [...trainer.tensors.values()].map(({ data }) => data.length);
    return { peakBytes: Number(kilobytes) * 1024, parameters: sizes.reduce((sum, size) => sum + size, 0) };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'step' || line === 'peak') console.log(JSON.stringify(await commands[line]()));
}
await trainer.close();
