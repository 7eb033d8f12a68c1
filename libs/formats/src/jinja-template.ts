import { Template } from '@huggingface/jinja';
import { respellStrips, STRIP_CHARACTERS, stripCharacters } from './strip-characters.js';

/** A Jinja template of the library, with what it reads otherwise than Jinja put right. */
export class JinjaTemplate {
  readonly #template: Template;

  /** Throws the library's own error for a text that is not Jinja. */
  constructor(text: string) {
    this.#template = new Template(text);
    respellStrips(this.#template);
  }

  /** The statements; a change of them is a change of the template. */
  get program(): unknown {
    return this.#template.parsed as unknown;
  }

  /** Throws the library's own error where the template fails on the values. */
  render(values: Readonly<Record<string, unknown>>): string {
    return this.#template.render({ ...values, [STRIP_CHARACTERS]: stripCharacters });
  }
}
