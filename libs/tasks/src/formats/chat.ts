import type { ChatMessage, ChatRole, JsonObject } from '@prad/formats';
import { fault, listOf, objectAt, refuseOthers, textOf } from '../row.js';
import { defineTask } from '../task.js';

const roles: readonly ChatRole[] = ['system', 'user', 'assistant'];

/** Who speaks in ShareGPT's files. */
const speakers: Readonly<Record<string, ChatRole>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
};

/** A conversation whose last turn is the answer, as OpenAI's files have it or as ShareGPT's do. */
export const chat = defineTask({
  name: 'chat',
  description:
    'A conversation whose last turn is the answer: messages with role and content, or conversations with from and value.',
  example: {
    messages: [
      { role: 'user', content: 'What is the capital of France?' },
      { role: 'assistant', content: 'Paris.' },
    ],
  },
  parts: messagesOf,
  plain: {
    prompt: (messages) => ({ kind: 'messages', messages: messages.slice(0, -1) }),
    answer: (messages) => ({ text: messages.at(-1)?.content ?? '' }),
    numBeams: 1,
  },
  metrics: ['rougeL', 'exact_match'],
  maxTokens: 256,
});

function messagesOf(row: JsonObject): readonly ChatMessage[] {
  const field = 'conversations' in row ? 'conversations' : 'messages';
  refuseOthers(row, [field], `a row with ${field}`);
  const read = field === 'messages' ? messageAt : turnAt;
  const messages = listOf(row, field).map((value, index) => read(value, `${field}[${index}]`));
  if (messages.length < 2) throw fault(field, 'must hold a question and an answer at least');
  if (messages.at(-1)?.role !== 'assistant')
    throw fault(field, 'must be from assistant', `the last of ${field}`);
  return messages;
}

function messageAt(value: unknown, place: string): ChatMessage {
  const message = objectAt(value, place, 'role and content');
  refuseOthers(message, ['role', 'content'], place);
  const role = roles.find((known) => known === message['role']);
  if (role === undefined) throw fault(`${place}.role`, `must be one of ${roles.join(', ')}`);
  return { role, content: textOf(message, 'content', `${place}.content`) };
}

function turnAt(value: unknown, place: string): ChatMessage {
  const turn = objectAt(value, place, 'from and value');
  const speaker = turn['from'];
  const role =
    typeof speaker === 'string' && Object.hasOwn(speakers, speaker) ? speakers[speaker] : undefined;
  if (role === undefined) throw fault(`${place}.from`, `must be one of ${Object.keys(speakers).join(', ')}`);
  return { role, content: textOf(turn, 'value', `${place}.value`) };
}
