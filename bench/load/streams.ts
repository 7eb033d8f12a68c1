import { randomStream } from '@prad/nn';
import type { Project } from './projects.js';

const PROMPT_WORDS = { least: 5, most: 60 };
const ANSWER_TOKENS = { least: 8, most: 48 };
/** A server that answers nothing is not asked for ever. */
const MOST_ERRORS = 100;
const words = 'the of a plain inn river old stone bridge and small town near its quiet garden where'.split(
  ' ',
);

/** One answer as its reader saw it; times in milliseconds. */
export interface Answered {
  readonly project: string;
  /** Whether its last token came before the deadline. */
  readonly inTime: boolean;
  readonly tokens: number;
  /** In the queue, as the server tells. */
  readonly queueMs: number;
  /** From the request to the first text. */
  readonly firstMs: number;
  /** Between texts that came one after another. */
  readonly gaps: readonly number[];
}

/** What all streams saw. */
export interface Seen {
  readonly answers: readonly Answered[];
  readonly errors: readonly string[];
  /** Least number of streams that were open at once from the first to the deadline. */
  readonly leastOpen: number;
}

/** Keeps every project's streams open until the deadline, each one's next request as soon as its answer is there, and reads all to their ends. */
export async function keepOpen(projects: readonly Project[], deadline: number): Promise<Seen> {
  const answers: Answered[] = [];
  const errors: string[] = [];
  const all = projects.reduce((sum, { streams }) => sum + streams, 0);
  let [open, leastOpen] = [all, all];
  const stream = async (project: Project, place: number): Promise<void> => {
    const random = randomStream(place, project.name);
    const between = ({ least, most }: typeof PROMPT_WORDS) => least + random.below(most - least + 1);
    while (Date.now() < deadline && errors.length < MOST_ERRORS) {
      const prompt = Array.from({ length: between(PROMPT_WORDS) }, () => words[random.below(words.length)]);
      const model = project.models[random.below(project.models.length)] ?? '';
      try {
        const answer = await answered(project, model, prompt.join(' '), between(ANSWER_TOKENS));
        answers.push({ ...answer, inTime: Date.now() < deadline });
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
      }
    }
    open--;
  };
  const watch = setInterval(() => {
    if (Date.now() < deadline) leastOpen = Math.min(leastOpen, open);
  }, 100);
  await Promise.all(
    projects.flatMap((project) =>
      Array.from({ length: project.streams }, (_, place) => stream(project, place)),
    ),
  );
  clearInterval(watch);
  return { answers, errors, leastOpen };
}

/** @throws an error also for a stream that ends early. */
async function answered(
  { name, client }: Project,
  model: string,
  prompt: string,
  maxTokens: number,
): Promise<Omit<Answered, 'inTime'>> {
  const begun = performance.now();
  const times: number[] = [];
  const request = { model, prompt, max_tokens: maxTokens, temperature: 0 };
  const options = { stream: true, stream_options: { include_usage: true } };
  for await (const { choices, usage, prad } of client.streamCompletion({ ...request, ...options })) {
    if (choices.some(({ text }) => text !== '')) times.push(performance.now());
    if (!usage || !prad) continue;
    return {
      ...{ project: name, tokens: usage.completion_tokens, queueMs: prad.timings.queue_ms ?? NaN },
      firstMs: (times[0] ?? performance.now()) - begun,
      gaps: times.slice(1).map((time, place) => time - (times[place] ?? time)),
    };
  }
  throw new Error(`the stream of a request for ${model} ended without its last chunk`);
}
