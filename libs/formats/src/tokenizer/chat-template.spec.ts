import { describe, expect, it } from 'vitest';
import { ChatTemplate } from './chat-template.js';

const chatml =
  "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";
const messages = [
  { role: 'system', content: 'Be short.' },
  { role: 'user', content: 'Hi' },
] as const;

describe('ChatTemplate', () => {
  it('renders messages with the special tokens', () => {
    const config = { chat_template: chatml, bos_token: { content: '<s>' }, eos_token: '</s>' };
    const template = ChatTemplate.fromConfig(config);
    expect(template.exists).toBe(true);
    expect(template.render(messages)).toBe('<s><|system|>Be short.</s><|user|>Hi</s>');
    expect(template.render(messages, { addGenerationPrompt: true })).toMatch(/Hi<\/s><\|assistant\|>$/);
  });

  it('takes the default one of several', () => {
    const named = [
      { name: 'tool_use', template: 'no' },
      { name: 'default', template: 'yes' },
    ];
    expect(ChatTemplate.fromConfig({ chat_template: named }).render(messages)).toBe('yes');
  });

  it('does not make one up', () => {
    const template = ChatTemplate.fromConfig({});
    expect(template.exists).toBe(false);
    expect(() => template.render(messages)).toThrow(/this model has no chat template.*plain prompt/);
  });

  it('says why a template or the messages are refused', () => {
    expect(() => ChatTemplate.fromConfig({ chat_template: '{% for %}' })).toThrow(/not a Jinja template/);
    const strict = ChatTemplate.fromConfig({
      chat_template: "{{ raise_exception('system is not allowed') }}",
    });
    expect(() => strict.render(messages)).toThrow(/refuses these messages: .*system is not allowed/);
  });
});
