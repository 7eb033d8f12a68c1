import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { API_SETTINGS, type ApiSettings } from '../settings.js';

/**
 * Lets running requests end when the process is asked to stop: those that wait for a worker get `drainMs`, those that
 * only follow a job's events end at once, for their clients resume them elsewhere.
 */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private readonly begun = new AbortController();
  private readonly over = new AbortController();
  private open = 0;
  private wake: () => void = () => undefined;

  constructor(@Inject(API_SETTINGS) private readonly settings: ApiSettings) {}

  /** Aborted when the process begins to stop. */
  get stopping(): AbortSignal {
    return this.begun.signal;
  }

  /** Runs a request's work with a signal that is aborted when its client leaves or its time to drain is over. */
  async run<T>(reply: FastifyReply, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.open += 1;
    try {
      return await work(AbortSignal.any([disconnection(reply), this.over.signal]));
    } finally {
      this.open -= 1;
      this.wake();
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.begun.abort();
    const timer = setTimeout(() => {
      this.over.abort();
    }, this.settings.drainMs);
    while (this.open > 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    clearTimeout(timer);
  }
}

/** Aborted when the client has left before its response was complete. */
export function disconnection(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  if (reply.raw.destroyed) controller.abort();
  return controller.signal;
}
