import { installTools } from './tools.js';

export default async function setup(): Promise<void> {
  await installTools((message) => process.stdout.write(`test:chart: ${message}\n`));
}
