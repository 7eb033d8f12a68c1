import { personName } from './names.js';
import { keepDetails, PLACE_DETAILS, placeSentence } from './place.js';
import { placeJottings, placeParagraph } from './place-prose.js';
import { Random } from './random.js';
import { placeTalk } from './stories.js';
import { expand } from './template.js';

/** A talk between two named people about one place. */
export function dialogue(random: Random): string {
  const { facts, turns } = placeTalk(random);
  const slots = {
    a: personName(random).first,
    b: personName(random).first,
    name: facts.article + facts.name,
  };
  const count = random.integer(2, 3);
  const told = random.chance(0.6) ? `${placeParagraph(random, facts)}\n` : '';
  const style = random.integer(0, 2);
  const lines = turns.slice(0, count).map(([question, answer]) => {
    if (style === 0) return `${slots.a}: ${question}\n${slots.b}: ${answer}`;
    if (style === 1) return `"${question}" asked ${slots.a}. "${answer.slice(0, -1)}," said ${slots.b}.`;
    return `${question} ${answer}`;
  });
  return told + lines.join('\n');
}

/** One message of a conversation in the form of the chat template. */
export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** A conversation of a user who tells or asks about places with an assistant who answers. */
export function conversation(random: Random): ChatMessage[] {
  const { facts, turns } = placeTalk(random);
  const some = keepDetails(facts, random.sample(PLACE_DETAILS, random.integer(1, 4)));
  const name = facts.article + facts.name;
  if (random.chance(0.4)) {
    const asked = expand(random, '[Write|Please write] about {name}: {facts}.', {
      name,
      facts: placeJottings(random, some).join(', '),
    });
    return [user(asked), assistant(placeSentence(some))];
  }
  const [first, second] = turns;
  const opening = random.chance(0.5) ? `${placeSentence(facts)} ` : '';
  const messages: ChatMessage[] = [];
  if (first !== undefined) messages.push(user(opening + first[0]), assistant(first[1]));
  if (second !== undefined && random.chance(0.5)) messages.push(user(second[0]), assistant(second[1]));
  return messages;
}

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
