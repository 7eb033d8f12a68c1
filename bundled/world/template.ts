import { AppError } from '@prad/errors';
import { Random } from './random.js';

/** Values for the `{name}` slots of a template. */
export type Slots = Readonly<Record<string, string>>;

type Part = string | { readonly slot: string } | { readonly choices: readonly (readonly Part[])[] };

const parsed = new Map<string, readonly Part[]>();

/**
 * Writes a template out: `[a|b|c]` takes one alternative (they nest, and may be empty), `{slot}` a value.
 * An unknown slot or an unclosed bracket is a mistake in the template and throws.
 */
export function expand(random: Random, template: string, slots: Slots = {}): string {
  let parts = parsed.get(template);
  if (parts === undefined) {
    parts = new TemplateReader(template).read();
    parsed.set(template, parts);
  }
  return write(random, parts, slots, template);
}

function write(random: Random, parts: readonly Part[], slots: Slots, template: string): string {
  let out = '';
  for (const part of parts) {
    if (typeof part === 'string') out += part;
    else if ('slot' in part) {
      const value = slots[part.slot];
      if (value === undefined) throw mistake(`no value for {${part.slot}}`, template);
      out += value;
    } else out += write(random, random.pick(part.choices), slots, template);
  }
  return out;
}

class TemplateReader {
  private at = 0;

  constructor(private readonly text: string) {}

  read(): readonly Part[] {
    const parts = this.sequence('');
    if (this.at < this.text.length) throw mistake(`unexpected "${this.text.charAt(this.at)}"`, this.text);
    return parts;
  }

  private sequence(stops: string): Part[] {
    const parts: Part[] = [];
    let plain = '';
    while (this.at < this.text.length && !stops.includes(this.text.charAt(this.at))) {
      const c = this.text.charAt(this.at);
      if (c !== '[' && c !== '{') {
        plain += c;
        this.at++;
        continue;
      }
      if (plain !== '') parts.push(plain);
      plain = '';
      parts.push(c === '[' ? this.choices() : this.slot());
    }
    if (plain !== '') parts.push(plain);
    return parts;
  }

  private slot(): Part {
    const end = this.text.indexOf('}', this.at);
    if (end < 0) throw mistake('a "{" is not closed', this.text);
    const slot = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return { slot };
  }

  private choices(): Part {
    const choices: Part[][] = [];
    do {
      this.at++;
      choices.push(this.sequence('|]'));
    } while (this.text.charAt(this.at) === '|');
    if (this.text.charAt(this.at) !== ']') throw mistake('a "[" is not closed', this.text);
    this.at++;
    return { choices };
  }
}

function mistake(what: string, template: string): AppError {
  return new AppError({
    kind: 'bug',
    code: 'template_mistake',
    message: `${what} in the template "${template}"`,
  });
}
