import 'reflect-metadata';
import { AppError } from '@prad/errors';
import { withoutSecrets } from '@prad/telemetry';
import { KeyRing } from './access/key-ring.js';
import { createApp } from './create-app.js';
import { readSettings } from './env.js';

const settings = readSettings();
try {
  const app = await createApp(settings);
  await app.get(KeyRing).checkHost(settings.host);
  // Nest's own hooks end the process by the signal, which reads as a failure.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void app.close().then(() => process.exit(0)));
  }
  await app.listen(settings.port, settings.host);
  process.stdout.write(`prad api listening on ${await app.getUrl()}\n`);
} catch (error) {
  const reason =
    error instanceof AppError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`prad api does not start: ${withoutSecrets(reason ?? '')}\n`);
  // Connections that are already open would keep the process alive.
  process.exit(1);
}
