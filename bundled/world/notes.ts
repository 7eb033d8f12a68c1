import { joinWords, polish } from './prose.js';
import { Random } from './random.js';

/** Lays out a name and its jottings in one of several loose notebook manners. */
export function looseNotes(random: Random, name: string, jottings: readonly string[]): string {
  const mark = random.pick([', ', '; ', '. ', ' / ', ' - ', ' + ', '\n- ', '\n* ']);
  const list = jottings.join(mark);
  const bullet = mark.startsWith('\n') ? mark : '';
  switch (random.integer(0, 6)) {
    case 0:
      return polish(`notes on ${name}:${bullet || ' '}${list}`);
    case 1:
      return polish(`${name} (${jottings.join(random.pick([', ', '; ', ' / ']))})`);
    case 2:
      return polish(`${name}${bullet || ' - '}${list}`);
    case 3:
      return polish(`from my notebook. ${name}. ${jottings.join('. ')}.`);
    case 4:
      return polish(`write about ${name}: ${joinWords(jottings)}.`);
    case 5:
      return polish(`what I know of ${name}:${bullet || ' '}${list}.`);
    default:
      return `[${name}] ${jottings.join(random.pick([' ', ', ', '; ']))}`;
  }
}

/** Lays out pairs of key and value in one of several manners, as on a card or in a table. */
export function pairNotes(random: Random, pairs: readonly (readonly [string, string])[]): string {
  const between = random.pick([': ', ' is ', ' = ', ' - ', ', ', ' ', ' > ']);
  const after = random.pick(['\n', '; ', ', ', ' / ', '. ', ' & ']);
  const capital = random.chance(0.5);
  const head = random.pick(['', '', 'Card. ', 'Facts: ', 'For the guide: ', 'Table\n']);
  const lines = pairs.map(([key, value]) => {
    const shown = capital ? key.charAt(0).toUpperCase() + key.slice(1) : key;
    return `${shown}${between}${value}`;
  });
  return head + lines.join(after) + (after === '\n' ? '' : random.pick(['', '.', ';']));
}

/** Sets prose under its notes. */
export function notesThenProse(random: Random, notes: string, prose: string): string {
  return notes + random.pick(['\n', '\n', '\n\n', '\nText: ', '\nIn words: ', ' > ', ' = ', ' ']) + prose;
}
