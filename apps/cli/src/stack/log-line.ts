import pc from 'picocolors';
import { z } from 'zod';

const entry = z.looseObject({
  level: z.string(),
  time: z.string(),
  msg: z.string().optional(),
  context: z.string().optional(),
});

const request = z.object({
  req: z.object({ method: z.string(), url: z.string() }),
  res: z.object({ statusCode: z.number() }),
  durationMs: z.number(),
});

const colours: Readonly<Record<string, (text: string) => string>> = {
  fatal: pc.red,
  error: pc.red,
  warn: pc.yellow,
  info: pc.green,
};

const parts: Readonly<Record<string, (text: string) => string>> = { api: pc.cyan, worker: pc.magenta };

/** Fields that say nothing on one machine or are shown elsewhere in the line. */
const hidden = new Set(['level', 'time', 'msg', 'service', 'pid', 'hostname', 'context']);

/** The level of a process's line; `info` for a line that is no log entry. */
export function levelOf(line: string): string {
  return parse(line)?.level ?? 'info';
}

/** What the framework tells of its own start. */
const chatter = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Whether a line is of no interest to whoever runs the system. */
export function isChatter(line: string): boolean {
  const parsed = parse(line);
  return parsed?.level === 'info' && chatter.has(parsed.context ?? '');
}

/** A line of a child process for people: time, part, level, message and fields. */
export function readableLine(part: string, line: string): string {
  const parsed = parse(line);
  const prefix = (parts[part] ?? pc.blue)(part.padEnd(8));
  if (parsed === undefined) return `${prefix} ${line}`;
  const time = new Date(parsed.time).toTimeString().slice(0, 8);
  const served = request.safeParse(parsed);
  if (served.success) {
    const { req, res, durationMs } = served.data;
    return `${pc.dim(time)} ${prefix} ${req.method} ${req.url} ${res.statusCode} ${pc.dim(`${durationMs} ms`)}`;
  }
  const level = (colours[parsed.level] ?? pc.dim)(parsed.level.padEnd(5));
  const fields = Object.entries(parsed)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => `${name}=${fieldText(value)}`);
  return [pc.dim(time), prefix, level, parsed.msg ?? '', pc.dim(fields.join(' '))].join(' ').trimEnd();
}

function parse(line: string): z.infer<typeof entry> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return entry.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

const LONGEST_FIELD = 200;
const errorField = z.looseObject({ stack: z.string() });

function fieldText(value: unknown): string {
  const error = errorField.safeParse(value);
  if (error.success) return error.data.stack;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_FIELD ? `${text.slice(0, LONGEST_FIELD)}...` : text;
}
