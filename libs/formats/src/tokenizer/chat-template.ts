import { AppError } from '@prad/errors';
import { invalid, reasonOf } from '../invalid.js';
import { JinjaTemplate } from '../jinja-template.js';
import { isJsonObject, type JsonObject } from '../strict-json.js';
import { namedToken } from './named-token.js';

export type ChatRole = 'system' | 'user' | 'assistant';

export interface ChatMessage {
  readonly role: ChatRole;
  readonly content: string;
}

export interface RenderOptions {
  /** Ends the text where the assistant's answer begins. Default false. */
  readonly addGenerationPrompt?: boolean;
}

const LONGEST_TEMPLATE = 200_000;

/** The text of `chat_template`: itself, or its `default` where a model names several. */
function templateText(config: JsonObject): string | undefined {
  const value = config['chat_template'];
  if (typeof value === 'string') return value;
  const named: unknown[] = Array.isArray(value) ? value : [];
  const chosen = named.filter(isJsonObject).find(({ name }) => name === 'default')?.['template'];
  return typeof chosen === 'string' ? chosen : undefined;
}

/** A model's own way of writing a conversation as text. */
export class ChatTemplate {
  private constructor(
    private readonly template: JinjaTemplate | undefined,
    private readonly tokens: Readonly<Record<string, string>>,
  ) {}

  /** @throws AppError invalid when the template is there but is not Jinja. */
  static fromConfig(tokenizerConfig: JsonObject): ChatTemplate {
    const text = templateText(tokenizerConfig);
    const names = ['bos_token', 'eos_token', 'unk_token', 'pad_token'];
    const tokens = Object.fromEntries(names.map((name) => [name, namedToken(tokenizerConfig, name) ?? '']));
    if (text === undefined) return new ChatTemplate(undefined, tokens);
    if (text.length > LONGEST_TEMPLATE) {
      throw invalid('chat_template_invalid', `chat_template is longer than ${LONGEST_TEMPLATE} characters`);
    }
    try {
      return new ChatTemplate(new JinjaTemplate(text), tokens);
    } catch (cause) {
      throw failed('chat_template_invalid', 'chat_template is not a Jinja template', cause);
    }
  }

  /** False for models that were not made for conversations. */
  get exists(): boolean {
    return this.template !== undefined;
  }

  /**
   * The prompt text, special tokens included; encode it with `addSpecialTokens: false`.
   * @throws AppError invalid when the model has no template, or its template refuses these messages.
   */
  render(messages: readonly ChatMessage[], { addGenerationPrompt = false }: RenderOptions = {}): string {
    if (this.template === undefined) {
      throw invalid(
        'chat_template_missing',
        'this model has no chat template, so it cannot take messages; send a plain prompt instead',
      );
    }
    try {
      return this.template.render({
        ...this.tokens,
        messages,
        add_generation_prompt: addGenerationPrompt,
        // As transformers does, there and none: a template may ask for either.
        tools: null,
        documents: null,
      });
    } catch (cause) {
      throw failed('chat_template_failed', "the model's chat template refuses these messages", cause);
    }
  }
}

function failed(code: string, fault: string, cause: unknown): AppError {
  return new AppError({ kind: 'invalid', code, message: `${fault}: ${reasonOf(cause)}`, cause });
}
