import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChatTemplate, type ChatMessage } from './chat-template.js';

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

interface Reference {
  readonly templates: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly family: string;
    readonly conversation: string;
    readonly messages: readonly ChatMessage[];
    readonly add_generation_prompt: boolean;
    readonly text?: string;
    readonly refused?: string;
  }[];
}

describe("what the families' templates use", () => {
  const file = `${import.meta.dirname}/../../../../test/reference/tokenizer/chat-templates.json`;
  const { templates, cases } = JSON.parse(readFileSync(file, 'utf8')) as Reference;
  const tokens = { bos_token: '<s>', eos_token: '</s>' };

  it.each(cases)(
    '$family renders or refuses $conversation as transformers does (prompt: $add_generation_prompt)',
    ({ family, messages, add_generation_prompt: addGenerationPrompt, text, refused }) => {
      const template = ChatTemplate.fromConfig({ ...tokens, chat_template: templates[family] });
      const render = () => template.render(messages, { addGenerationPrompt });
      if (refused === undefined) expect(render()).toBe(text);
      else expect(render).toThrow(refused);
    },
  );

  it('knows the date', () => {
    const template = ChatTemplate.fromConfig({ chat_template: "{{ strftime_now('%d %b %Y') }}" });
    expect(template.render([])).toMatch(/^\d{2} [A-Z][a-z]{2} 20\d{2}$/);
  });
});
