import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

const KEEP_ALIVE_MS = 15_000;

/** One response as a stream of server-sent events. A client that has left makes the sends no-ops. */
export class ServerSentEvents {
  private readonly raw: ServerResponse;
  private readonly keepAlive: NodeJS.Timeout;

  /** Takes the response over from Fastify and sends the headers. */
  constructor(reply: FastifyReply) {
    reply.hijack();
    this.raw = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) this.raw.setHeader(name, value);
    }
    this.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // Asks nginx not to hold events back.
      'x-accel-buffering': 'no',
    });
    // Headers wait for the first byte otherwise, and the first event may be long in coming.
    this.raw.flushHeaders();
    this.raw.on('error', () => undefined);
    // Comment lines keep proxies from closing a silent connection.
    this.keepAlive = setInterval(() => this.raw.write(':\n\n'), KEEP_ALIVE_MS);
    this.raw.once('close', () => {
      clearInterval(this.keepAlive);
    });
  }

  /** Resolves when the client has room for more. */
  async send(data: string, fields: { readonly id?: string; readonly event?: string } = {}): Promise<void> {
    if (this.raw.destroyed || this.raw.writableEnded) return;
    const id = fields.id === undefined ? '' : `id: ${fields.id}\n`;
    const event = fields.event === undefined ? '' : `event: ${fields.event}\n`;
    if (!this.raw.write(`${id}${event}data: ${data}\n\n`)) {
      await Promise.race([once(this.raw, 'drain'), once(this.raw, 'close')]);
    }
  }

  end(): void {
    clearInterval(this.keepAlive);
    this.raw.end();
  }
}
