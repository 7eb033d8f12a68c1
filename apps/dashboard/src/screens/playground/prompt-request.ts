import type { CreateCompletion } from '@prad/contracts';

/** The prompt and how tokens are chosen; '' leaves an option to the API's default. */
export interface PromptRequest {
  readonly prompt: string;
  readonly max_tokens: number | '';
  readonly temperature: number | '';
  readonly top_p: number | '';
  readonly top_k: number | '';
  readonly num_beams: number | '';
  readonly seed: number | '';
  /** One stop string; `\n` stands for a line's end. */
  readonly stop: string;
}

export const firstRequest: PromptRequest = {
  prompt: 'The soup was cold and the waiter forgot us. ->',
  max_tokens: 64,
  temperature: 0,
  top_p: '',
  top_k: '',
  num_beams: '',
  seed: '',
  stop: '\\n',
};

export function toRequest({ prompt, stop, ...numbers }: PromptRequest, model: string): CreateCompletion {
  const given = Object.entries(numbers).filter(([, value]) => value !== '');
  return {
    model,
    prompt,
    ...(Object.fromEntries(given) as Partial<CreateCompletion>),
    ...(stop === '' ? {} : { stop: [stop.replaceAll('\\n', '\n')] }),
    stream: true,
    stream_options: { include_usage: true },
  };
}
