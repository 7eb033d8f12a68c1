import { Global, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { InferenceJobRepository } from '@prad/database';
import { EventStream, JobProducer, chooseQueueStore } from '@prad/queue';
import { API_SETTINGS, type ApiSettings } from './settings.js';

/** The stream of generated tokens; a class of its own, so that it is an injection token. */
export class GenerationStream extends EventStream<'generate'> {}

const logger = new Logger('Queue');

function reportConnection(error: Error): void {
  logger.warn(error.message);
}

function storeOf({ redisUrl, databaseUrl, queuePrefix }: ApiSettings) {
  return chooseQueueStore(redisUrl, databaseUrl, queuePrefix);
}

@Global()
@Module({
  providers: [
    {
      provide: JobProducer,
      inject: [API_SETTINGS],
      useFactory: (settings: ApiSettings) => new JobProducer(storeOf(settings), reportConnection),
    },
    {
      provide: GenerationStream,
      inject: [API_SETTINGS, InferenceJobRepository],
      useFactory: async (settings: ApiSettings, jobs: InferenceJobRepository) => {
        const stream = new GenerationStream(storeOf(settings), 'generate', {
          onError: reportConnection,
          settled: (ids) => jobs.endedAmong(ids),
        });
        await stream.ready();
        return stream;
      },
    },
  ],
  exports: [JobProducer, GenerationStream],
})
export class QueueModule implements OnApplicationShutdown {
  constructor(
    private readonly producer: JobProducer,
    private readonly stream: GenerationStream,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.producer.close(), this.stream.close()]);
  }
}
