import 'reflect-metadata';
import { createApp } from './create-app.js';
import { readSettings } from './env.js';

const settings = readSettings();
const app = await createApp(settings);
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
await app.listen(settings.port, settings.host);
process.stdout.write(`prad api listening on ${await app.getUrl()}\n`);
