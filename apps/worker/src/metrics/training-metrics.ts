import type { Metrics } from '@prad/telemetry';
import type { TrainingEvent } from '@prad/training';

type Step = Extract<TrainingEvent, { type: 'step' }>;

/** Measures the training under way; a worker has one at a time, so that no label tells which. */
export class TrainingMetrics {
  readonly #step;
  readonly #tokens;
  #latest: Step | undefined;

  constructor(metrics: Metrics) {
    this.#step = metrics.histogram({
      name: 'prad_training_step_seconds',
      help: 'Time of an optimiser step: gradient and update.',
    });
    this.#tokens = metrics.counter({ name: 'prad_training_tokens_total', help: 'Tokens of training steps.' });
    const latest = (name: string, help: string, value: (step: Step) => number): void => {
      metrics.gauge({ name, help: `${help} of the latest step; absent without a training.` }, (gauge) => {
        if (this.#latest) gauge.set(value(this.#latest));
        else gauge.remove();
      });
    };
    latest('prad_training_loss', 'Training loss in nats', ({ loss }) => loss);
    latest('prad_training_learning_rate', 'Learning rate', ({ learningRate }) => learningRate);
    latest(
      'prad_training_gradient_norm',
      'Gradient norm before clipping',
      ({ gradientNorm }) => gradientNorm,
    );
    latest('prad_training_tokens_per_second', 'Tokens per second', ({ tokensPerSecond }) => tokensPerSecond);
  }

  observe(event: TrainingEvent): void {
    if (event.type !== 'step') return;
    this.#latest = event;
    this.#tokens.inc(event.tokens);
    if (event.tokensPerSecond > 0) this.#step.observe(event.tokens / event.tokensPerSecond);
  }

  /** The training has ended, in whatever way. */
  end(): void {
    this.#latest = undefined;
  }
}
