import { Box, Paper, Text, Title } from '@mantine/core';
import { Facts } from '../../components/facts.js';
import { Problem } from '../../components/problem.js';
import { NONE, count, measured, milliseconds } from '../../format/numbers.js';
import classes from './answer-card.module.css';
import type { Answer } from './use-answers.js';

export interface AnswerCardProps {
  readonly model: string;
  readonly isBase: boolean;
  readonly answer: Answer | undefined;
}

const states: Readonly<Record<Answer['state'], string>> = {
  waiting: 'waiting …',
  streaming: 'answering …',
  done: 'done',
  cancelled: 'cancelled',
  failed: 'failed',
};

/** One model's answer as it comes, and what it took. */
export function AnswerCard({ model, isBase, answer }: AnswerCardProps) {
  return (
    <Paper component="section" aria-label={model} className={classes['card'] ?? ''}>
      <Box className={classes['head']}>
        <Title order={2} ff="monospace" fz="sm">
          {model}
        </Title>
        <Text size="xs" c="dimmed" role="status">
          {answer === undefined ? (isBase ? 'base' : 'adapter') : states[answer.state]}
        </Text>
      </Box>
      <Box
        className={classes['text']}
        data-testid="answer"
        tabIndex={0}
        role="region"
        aria-label={`Answer of ${model}`}
      >
        {answer === undefined ? (
          <Text size="sm" c="dimmed">
            Not asked yet.
          </Text>
        ) : (
          answer.text
        )}
      </Box>
      {answer?.error && <Problem title="No answer" error={answer.error} />}
      <Facts of={factsOf(answer)} />
    </Paper>
  );
}

function factsOf(answer: Answer | undefined): readonly (readonly [string, string])[] {
  const timings = answer?.facts?.timings;
  const batch = answer?.facts?.batch;
  const usage = answer?.usage;
  const ended =
    answer?.finish === 'length' ? 'at most tokens' : answer?.finish === 'stop' ? 'by itself' : NONE;
  return [
    ['Queue', timeOf(timings?.queue_ms)],
    ['Prefill', timeOf(timings?.prefill_ms)],
    ['Decode', timeOf(timings?.decode_ms)],
    ['Decoding speed', speedOf(usage?.completion_tokens, timings?.decode_ms)],
    ['Prompt', tokensOf(usage?.prompt_tokens)],
    ['Answer', tokensOf(usage?.completion_tokens)],
    [
      'Shared steps with',
      batch ? `${count(batch.max_rows)} rows, ${count(batch.max_adapters)} adapters` : NONE,
    ],
    ['Ended', ended],
    ['Seed', answer?.facts ? String(answer.facts.seed) : NONE],
  ];
}

function timeOf(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? NONE : milliseconds(ms);
}

function tokensOf(tokens: number | undefined): string {
  return tokens === undefined ? NONE : `${count(tokens)} tokens`;
}

/** The first token comes out of the prefill; the others are decoded. */
function speedOf(tokens: number | undefined, ms: number | null | undefined): string {
  if (tokens === undefined || tokens < 2 || !ms) return NONE;
  return `${measured(Math.round((1000 * (tokens - 1)) / ms))} tokens/s`;
}
