import { AppError } from '@prad/errors';
import { serveCompute } from '@prad/runtime';
import type { GenerateEvent, GenerateParams } from './generation-messages.js';

const handlers = {
  // eslint-disable-next-line
  async *generate(_params: GenerateParams, _signal: AbortSignal): AsyncGenerator<GenerateEvent, void> {
    throw new AppError({ kind: 'unavailable', code: 'todo', message: 'todo' });
  },
};
export type GenerationHandlers = typeof handlers;
serveCompute(handlers);
