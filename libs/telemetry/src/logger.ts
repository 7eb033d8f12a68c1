import type { Writable } from 'node:stream';
import { pino, type LevelWithSilent, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { currentLogContext } from './log-context.js';
import { withoutSecrets } from './secrets.js';

export interface LoggerOptions {
  /** Name of the process, for example `api`. */
  readonly service: string;
  readonly level: LevelWithSilent;
  /** `json` for machines, `pretty` for people at a terminal. */
  readonly format: 'json' | 'pretty';
  /** Standard output unless given. */
  readonly destination?: Writable | undefined;
}

/** Where secrets travel; their values are never logged. */
const SECRET_PATHS = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  'headers.authorization',
  'authorization',
  'password',
  'apiKey',
  'secret',
  '*.password',
  '*.apiKey',
  '*.secret',
];

/** The process's one logger: times in ISO form, levels by name, errors with stack and cause, secrets left out. */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level, format, destination } = options;
  const settings = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_PATHS, censor: '[secret]' },
    // Whatever a message, an address or an error's text holds, wherever in the line it is.
    hooks: { streamWrite: withoutSecrets },
    mixin: currentLogContext,
  };
  if (format === 'json') return destination === undefined ? pino(settings) : pino(settings, destination);
  const stream = pretty({
    ignore: 'service,pid,hostname',
    messageFormat: `${service}: {msg}`,
    translateTime: 'HH:MM:ss',
    singleLine: true,
    ...(destination === undefined ? {} : { destination, colorize: false }),
  });
  return pino(settings, stream);
}
