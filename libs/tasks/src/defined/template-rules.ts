import { AppError } from '@prad/errors';

/** A node of a parsed template, as the library has it. */
export interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Most nodes of a template. */
const MOST_NODES = 500;
/** Longest argument of what can lengthen a text. */
const LONGEST_ARGUMENT = 64;

const statements = ['Program', 'If', 'For', 'Break', 'Continue', 'Comment'];
const expressions = [
  ...['Identifier', 'MemberExpression', 'CallExpression', 'FilterExpression', 'TestExpression'],
  ...['SelectExpression', 'BinaryExpression', 'UnaryExpression', 'Ternary', 'SliceExpression'],
  ...['IntegerLiteral', 'FloatLiteral', 'StringLiteral', 'ArrayLiteral', 'TupleLiteral'],
  'KeywordArgumentExpression',
];
const allowed = new Set([...statements, ...expressions]);

/** What the library offers that neither takes long nor gives much more than it is given. */
const filters = new Set([
  ...['abs', 'capitalize', 'default', 'first', 'float', 'int', 'items', 'join', 'last', 'length', 'list'],
  ...['lower', 'map', 'rejectattr', 'replace', 'reverse', 'selectattr', 'sort', 'string', 'title', 'tojson'],
  ...['trim', 'unique', 'upper'],
]);
const methods = new Set([
  ...['capitalize', 'endswith', 'get', 'items', 'keys', 'lower', 'lstrip', 'replace', 'rstrip', 'split'],
  ...['startswith', 'strip', 'title', 'upper', 'values'],
]);
/** What can give longer texts than it takes; none is applied to what another one gave. */
const growing = new Set(['join', 'replace', 'tojson']);

/** What a template was found to use. */
export interface TemplateFacts {
  /** Fields of a row that it reads. */
  readonly fields: readonly string[];
  /** Those of them that it does not do without. */
  readonly required: readonly string[];
}

/**
 * Holds a template to what always ends soon: outputs, conditions and loops that are not nested, over a known set of filters
 * and methods; no assignments, macros, ranges or calls besides.
 * @throws AppError invalid `task_template` that says what is not taken.
 */
export function checkTemplate(program: Node, callable: string): TemplateFacts {
  let nodes = 0;
  const bound = new Set(['loop', 'true', 'false', 'none', 'True', 'False', 'None', callable]);
  const [read, dispensable] = [new Set<string>(), new Set<string>()];
  const visit = (node: Node, isInLoop: boolean, isInGrowing: boolean): void => {
    nodes += 1;
    if (nodes > MOST_NODES) throw refused(`it has more than ${MOST_NODES} parts`);
    if (!allowed.has(node.type)) throw refused(`${nameOf(node)} is not taken`);
    if (node.type === 'For') {
      if (isInLoop) throw refused('a loop within a loop is not taken');
      for (const { value } of identifiersOf(node['loopvar'])) bound.add(String(value));
    }
    const name = calledName(node, callable);
    const grows = name !== undefined && growing.has(name);
    if (grows && isInGrowing) throw refused(`${name} of what join, replace or tojson gave is not taken`);
    if (node.type === 'Identifier') read.add(String(node['value']));
    const spared = sparedIdentifier(node);
    if (spared !== undefined) dispensable.add(spared);
    for (const child of childrenOf(node)) {
      visit(child, isInLoop || (node.type === 'For' && child !== node['iterable']), isInGrowing || grows);
    }
  };
  visit(program, false, false);
  const fields = [...read].filter((name) => !bound.has(name));
  return { fields, required: fields.filter((field) => !dispensable.has(field)) };
}

/** The name of a filter or method; undefined for other nodes. */
function calledName(node: Node, callable: string): string | undefined {
  if (node.type === 'FilterExpression') {
    const filter = node['filter'] as Node;
    const { value } = (filter.type === 'CallExpression' ? filter['callee'] : filter) as Node;
    const name = String(value);
    if (!filters.has(name)) throw refused(`the filter ${name} is not taken; known are ${listed(filters)}`);
    if (growing.has(name)) checkArguments(name, filter);
    return name;
  }
  if (node.type !== 'CallExpression') return undefined;
  const callee = node['callee'] as Node;
  if (callee.type === 'Identifier' && callee['value'] === callable) return undefined;
  const property = callee['property'] as Node | undefined;
  const name = callee['computed'] === false && property ? String(property['value']) : undefined;
  if (name === undefined || !methods.has(name))
    throw refused(`calls are taken of the methods ${listed(methods)} alone`);
  if (growing.has(name)) checkArguments(name, node);
  return name;
}

function checkArguments(name: string, call: Node): void {
  const given = call.type === 'CallExpression' ? (call['args'] as Node[]) : [];
  const plain = given.every(
    ({ type, value }) =>
      type === 'IntegerLiteral' ||
      (type === 'StringLiteral' && typeof value === 'string' && value.length <= LONGEST_ARGUMENT),
  );
  if (!plain)
    throw refused(`${name} takes texts of at most ${LONGEST_ARGUMENT} characters, written where it stands`);
}

/** A field that a row may lack, since the node asks whether it is there. */
function sparedIdentifier(node: Node): string | undefined {
  const asks =
    node.type === 'If' || node.type === 'Ternary'
      ? (node['test'] ?? node['condition'])
      : (node.type === 'TestExpression' && /^(un)?defined$/.test(String((node['test'] as Node)['value']))) ||
          (node.type === 'FilterExpression' && filterName(node) === 'default')
        ? node['operand']
        : undefined;
  const asked = asks as Node | undefined;
  return asked?.type === 'Identifier' ? String(asked['value']) : undefined;
}

function filterName(node: Node): string {
  const filter = node['filter'] as Node;
  return String(((filter.type === 'CallExpression' ? filter['callee'] : filter) as Node)['value']);
}

/** The nodes below one that are evaluated: names of properties, filters and tests are not. */
export function childrenOf(node: Node): readonly Node[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'operator' || key === 'loopvar' || key === 'key') return [];
    if (key === 'property' && node['computed'] === false) return [];
    if (key === 'test' && node.type === 'TestExpression') return [];
    if (key === 'filter') return argumentsOf(value as Node);
    if (key === 'callee') return calleeOf(value as Node);
    return nodesOf(value);
  });
}

function argumentsOf(filter: Node): readonly Node[] {
  return filter.type === 'CallExpression' ? nodesOf(filter['args']) : [];
}

/** What a method is of; the method itself is no value. */
function calleeOf(callee: Node): readonly Node[] {
  return callee.type === 'MemberExpression' ? nodesOf(callee['object']) : [callee];
}

function nodesOf(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  return typeof value === 'object' && value !== null && 'type' in value ? [value as Node] : [];
}

function identifiersOf(loopvar: unknown): readonly Node[] {
  const node = loopvar as Node;
  return node.type === 'Identifier' ? [node] : nodesOf(node['value']);
}

const keywords: Readonly<Record<string, string>> = {
  Set: 'set',
  Macro: 'macro',
  CallStatement: 'call',
  FilterStatement: 'filter',
  ObjectLiteral: '{...}',
};

function nameOf({ type }: Node): string {
  return keywords[type] ?? type;
}

function listed(names: ReadonlySet<string>): string {
  return [...names].join(', ');
}

export function refused(what: string): AppError {
  return new AppError({ kind: 'invalid', code: 'task_template', message: `the template: ${what}` });
}
