import { MAX_LINE_PROBLEMS, type LineProblem } from '@prad/contracts';
import { AppError } from '@prad/errors';
import pc from 'picocolors';

/** What to do about an error, by its code. */
const hints: Readonly<Record<string, string>> = {
  server_unreachable: 'start one with `prad up`, or unset PRAD_API_URL to have one started for each command',
  model_not_found: '`prad models list` shows what there is',
  model_exists: 'choose another name with --name, or remove it with `prad models rm`',
  model_not_ready: '`prad models list` shows how far its import is',
  unreadable_file: 'name a file of this machine: JSON lines, CSV, TSV or Parquet',
  unreadable_adapter:
    'name a folder with adapter_config.json and adapter_model.safetensors, or to inspect an artefact',
  not_expressible: '--format prad holds every adapter',
  base_model_without_layout: 'start a worker anew',
  file_not_found: '`prad files list` shows what there is',
  fine_tuning_job_not_found: '`prad jobs list` shows what there is',
  model_in_use: '`prad models list` and `prad jobs list` show what uses it',
  context_length_exceeded: 'shorten the prompt or ask for fewer tokens',
  missing_api_key: 'set PRAD_API_KEY to the secret of a key; `prad keys create` makes one',
  invalid_api_key: 'set PRAD_API_KEY to the secret of a key that is not revoked; `prad keys list` shows them',
  api_key_not_found: '`prad keys list` shows what there is',
  database_url_missing:
    '`prad up` starts a worker of its own; more of them need a PostgreSQL that all can reach',
  dataset_forbidden: 'set HF_TOKEN to a token of an account that may read it',
  dataset_not_found: 'without HF_TOKEN the Hub hides private data sets',
  dataset_unavailable:
    'HF_ENDPOINT names another address of the Hub; a Parquet file that is on this machine is taken by `prad files upload`',
  parquet_binary: 'name the columns that are wanted with --columns',
  column_missing: 'nested columns are named as in --columns de=translation.de',
  hub_unavailable: 'import a folder or a .gguf file that is on this machine instead',
};

/** One sentence and, where something can be done, a hint; the stack as well when asked for. */
export function explain(error: unknown, verbose: boolean): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof AppError ? hints[error.code] : undefined;
  const lines = [`${pc.red('error:')} ${message}`];
  lines.push(...problemsOf(error));
  if (hint !== undefined) lines.push(`${pc.dim('hint:')} ${hint}`);
  if (verbose && error instanceof Error) lines.push(stackOf(error));
  return lines.join('\n');
}

/** Of a refused file: what is wrong beside what the message says. */
function problemsOf(error: unknown): string[] {
  const problems = error instanceof AppError ? error.details['problems'] : undefined;
  if (!Array.isArray(problems)) return [];
  const others = (problems as readonly LineProblem[]).slice(1).map(({ message }) => `       ${message}`);
  const isCut = problems.length === MAX_LINE_PROBLEMS;
  return isCut ? [...others, pc.dim('       there may be more')] : others;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? ''}${cause}`;
}
