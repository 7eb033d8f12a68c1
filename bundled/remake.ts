import { writeBundledFiles } from './write-files.js';

const [folder = 'bundled'] = process.argv.slice(2);
await writeBundledFiles(folder);
process.stdout.write(`wrote the bundled tasks, configuration and tokenizer to ${folder}\n`);
