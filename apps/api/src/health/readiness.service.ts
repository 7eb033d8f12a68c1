import { Injectable } from '@nestjs/common';
import type { Readiness } from '@prad/contracts';
import { JobProducer } from '@prad/queue';
import { DataSource } from 'typeorm';
import { Drain } from '../http/drain.js';

type Check = Readiness['checks']['database'];

@Injectable()
export class ReadinessService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: JobProducer,
    private readonly drain: Drain,
  ) {}

  async check(): Promise<Readiness> {
    const [database, queue] = await Promise.all([
      outcome(() => this.dataSource.query('SELECT 1')),
      outcome(() => this.producer.check()),
    ]);
    const up = database.status === 'ok' && queue.status === 'ok' && !this.drain.stopping.aborted;
    return { status: up ? 'ok' : 'down', checks: { database, queue } };
  }
}

async function outcome(ask: () => Promise<unknown>): Promise<Check> {
  try {
    await ask();
    return { status: 'ok', message: null };
  } catch (error) {
    return { status: 'down', message: error instanceof Error ? error.message : String(error) };
  }
}
