import { AppError } from '@prad/errors';
import { invalid } from '../invalid.js';
import { isJsonObject, type JsonObject } from '../strict-json.js';
import type { ChatMessage, ChatRole } from '../tokenizer/chat-template.js';

/** A row of a training file: a prompt with its completion, or a conversation that ends with the answer. */
export type TrainingExample =
  | { readonly kind: 'completion'; readonly prompt: string; readonly completion: string }
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] };

const roles: readonly ChatRole[] = ['system', 'user', 'assistant'];

/** Checks one row of a training file. @throws AppError invalid with `details.line`, naming what is wrong. */
export function parseTrainingExample(value: unknown, line: number): TrainingExample {
  if (!isJsonObject(value))
    throw wrong(line, 'must be an object with prompt and completion, or with messages');
  if ('messages' in value) {
    refuseOthers(value, ['messages'], line, 'a row with messages');
    return { kind: 'chat', messages: parseMessages(value['messages'], line) };
  }
  refuseOthers(value, ['prompt', 'completion'], line, 'a row with prompt and completion');
  return {
    kind: 'completion',
    prompt: textOf(value, 'prompt', 'prompt', line),
    completion: textOf(value, 'completion', 'completion', line),
  };
}

function parseMessages(value: unknown, line: number): ChatMessage[] {
  if (!Array.isArray(value)) throw wrong(line, 'messages must be an array');
  const messages = value.map((message: unknown, index) => parseMessage(message, `messages[${index}]`, line));
  if (messages.length < 2) throw wrong(line, 'messages must hold a question and an answer at least');
  if (messages.at(-1)?.role !== 'assistant') throw wrong(line, 'the last of messages must be from assistant');
  return messages;
}

function parseMessage(value: unknown, place: string, line: number): ChatMessage {
  if (!isJsonObject(value)) throw wrong(line, `${place} must be an object with role and content`);
  refuseOthers(value, ['role', 'content'], line, place);
  const role = roles.find((known) => known === value['role']);
  if (role === undefined) throw wrong(line, `${place}.role must be one of ${roles.join(', ')}`);
  return { role, content: textOf(value, 'content', `${place}.content`, line) };
}

function textOf(value: JsonObject, key: string, place: string, line: number): string {
  const text = value[key];
  if (text === undefined) throw wrong(line, `${place} is missing`);
  if (typeof text !== 'string') throw wrong(line, `${place} must be text`);
  if (text.trim() === '') throw wrong(line, `${place} must not be empty`);
  return text;
}

function refuseOthers(value: JsonObject, known: readonly string[], line: number, place: string): void {
  const others = Object.keys(value).filter((key) => !known.includes(key));
  if (others.length === 0) return;
  const names = others.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 50)));
  throw wrong(line, `${place} has unknown keys ${names.join(', ')}; known are ${known.join(', ')}`);
}

function wrong(line: number, fault: string): AppError {
  return invalid('training_example', `line ${line}: ${fault}`, { line });
}
