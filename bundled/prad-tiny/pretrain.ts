import { pretrain } from './pretraining.js';

const [folder = 'bundled/prad-tiny', tokens = '5e6', batchSize = '8', learningRate = '4e-3', threads = '2'] =
  process.argv.slice(2);
const started = Date.now();
await pretrain(
  {
    folder,
    tokens: Number(tokens),
    batchSize: Number(batchSize),
    learningRate: Number(learningRate),
    intraOpThreads: Number(threads),
  },
  (event) => {
    if (event.type === 'step' && event.step % 50 !== 0) return;
    process.stdout.write(`${((Date.now() - started) / 1000).toFixed(0)} s ${JSON.stringify(event)}\n`);
  },
);
