import { AppError } from '@prad/errors';
import { JinjaTemplate, type JsonObject } from '@prad/formats';
import { fault } from '../row.js';
import { checkTemplate, childrenOf, refused, type Node, type TemplateFacts } from './template-rules.js';

/** Longest template. */
export const LONGEST_TEMPLATE = 8_192;
/** Longest text that a row may become. */
const LONGEST_TEXT = 262_144;
/** Most items that a loop goes through. */
const MOST_ITEMS = 256;
/** Most characters of the fields that a template reads, written as JSON; and most of them times the items of its loops. */
const LONGEST_ROW = 262_144;
const MOST_WORK = 2_097_152;

/** Under these names templates find what bounds them, and texts without characters at their ends. */
const [EMIT, LIMIT, STRIP] = ['emit_value', 'loop_limit', 'strip_characters'];

/**
 * A Jinja template over the fields of a row. It always ends soon, whatever the row and whoever wrote it: `checkTemplate`
 * bounds what it may contain, loops end after 256 items, the work of a row and its text after so many characters.
 */
export class FieldTemplate {
  readonly #template: JinjaTemplate;
  readonly #facts: TemplateFacts;

  /** @throws AppError invalid `task_template` for what is not Jinja or not allowed. */
  constructor(text: string) {
    if (text.length > LONGEST_TEMPLATE)
      throw refused(`it has ${text.length} characters, at most ${LONGEST_TEMPLATE} are taken`);
    try {
      this.#template = new JinjaTemplate(text);
    } catch (cause) {
      throw refused(`it is not Jinja: ${reasonOf(cause)}`);
    }
    const program = this.#template.program as Node;
    this.#facts = checkTemplate(program, STRIP);
    bound(program);
  }

  /** @throws AppError invalid `training_example` naming the field, where one is missing or no text comes out. */
  render(row: JsonObject): string {
    const { fields, required } = this.#facts;
    for (const field of required) if (row[field] === undefined) throw fault(field, 'is missing');
    const read = Object.fromEntries(fields.flatMap((field) => (field in row ? [[field, row[field]]] : [])));
    const size = JSON.stringify(read).length;
    if (size > LONGEST_ROW) throw tooLong('what it reads of the row', LONGEST_ROW);
    let [written, items] = [0, 0];
    const emit = (value: unknown, field: string): string => {
      const text = textOf(value, field);
      written += text.length;
      if (written > LONGEST_TEXT) throw tooLong('what the template writes', LONGEST_TEXT);
      return text;
    };
    const limit = (count: unknown): number => {
      items += limitOf(count);
      if (items * size > MOST_WORK) throw failed(tooMuch(items, size));
      return Number(count);
    };
    try {
      return this.#template.render({ ...read, [EMIT]: emit, [LIMIT]: limit });
    } catch (cause) {
      throw cause instanceof AppError ? cause : failed(reasonOf(cause));
    }
  }
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  // The library tells null and what is not there as the same.
  if (value === undefined) throw fault(field, 'is null, or has no such part');
  throw fault(field, 'must be text or a number where the template writes it; write lists by join or tojson');
}

function limitOf(items: unknown): number {
  if (typeof items === 'number' && items <= MOST_ITEMS) return items;
  throw failed(`a loop goes through at most ${MOST_ITEMS} items, the row has ${String(items)}`);
}

/** Lets every output pass through `emit`, and every loop's items through the limit. */
function bound(node: Node): void {
  const children = childrenOf(node);
  for (const key of ['body', 'alternate', 'defaultBlock']) {
    const block = node[key];
    if (Array.isArray(block)) block.splice(0, block.length, ...(block as Node[]).map(emitted));
  }
  if (node.type === 'For') boundLoop(node);
  for (const child of children) bound(child);
}

function emitted(statement: Node): Node {
  const isText = statement.type === 'StringLiteral';
  if (isText || ['If', 'For', 'Break', 'Continue', 'Comment'].includes(statement.type)) return statement;
  return call(EMIT, [statement, { type: 'StringLiteral', value: fieldOf(statement) }]);
}

function boundLoop(loop: Record<string, unknown>): void {
  const iterable = loop['iterable'] as Node;
  const limited = (items: Node): Node => ({
    type: 'MemberExpression',
    computed: true,
    object: items,
    property: {
      type: 'SliceExpression',
      start: undefined,
      stop: call(LIMIT, [
        { type: 'FilterExpression', operand: items, filter: { type: 'Identifier', value: 'length' } },
      ]),
      step: undefined,
    },
  });
  if (iterable.type === 'SelectExpression')
    loop['iterable'] = { ...iterable, lhs: limited(iterable['lhs'] as Node) };
  else loop['iterable'] = limited(iterable);
}

function call(name: string, args: readonly Node[]): Node {
  return { type: 'CallExpression', callee: { type: 'Identifier', value: name }, args };
}

/** The first name that an expression reads. */
function fieldOf(node: Node): string {
  const [named] = [node, ...descendants(node)].filter(({ type }) => type === 'Identifier');
  return named ? String(named['value']) : 'a value';
}

function descendants(node: Node): readonly Node[] {
  return childrenOf(node).flatMap((child) => [child, ...descendants(child)]);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function failed(reason: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'training_example',
    message: `the template fails on the row: ${reason}`,
  });
}

function tooMuch(items: number, size: number): string {
  return `its loops go through ${items} items of a row of ${size} characters; the two multiplied may be ${MOST_WORK} at most`;
}

function tooLong(what: string, most: number): AppError {
  return failed(`${what} is longer than ${most} characters`);
}
