import { END_OF_TEXT, MESSAGE_END, MESSAGE_START } from './special-tokens.js';

/**
 * The chat template of the bundled tokenizer (Jinja). It is ChatML but for one point: an assistant's message
 * closes with the end token, so that an answer ends in a conversation as it ends in a completion.
 */
export const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] }}" +
  "{% if message['role'] == 'assistant' %}{{ '<|endoftext|>' + '\\n' }}{% else %}{{ '<|im_end|>' + '\\n' }}{% endif %}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** The same as CHAT_TEMPLATE for pretraining text; the last end token is left to whoever packs the document. */
export function renderConversation(
  messages: readonly { readonly role: string; readonly content: string }[],
): string {
  let text = '';
  for (const { role, content } of messages) {
    text += `${MESSAGE_START}${role}\n${content}${role === 'assistant' ? END_OF_TEXT : MESSAGE_END}\n`;
  }
  const end = `${END_OF_TEXT}\n`;
  return text.endsWith(end) ? text.slice(0, -end.length) : text;
}
