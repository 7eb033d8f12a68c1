export const WOMEN = (
  'Mara Alma Nora Ruth Clara Ines Hana Lena Vera Ada Olga Rosa Edith Greta Ivy Judith Maya Priya Salma Tessa Agnes Bella ' +
  'Carmen Daisy Elsa Freya Gwen Helen Iris Jane'
).split(' ');

export const MEN = (
  'Tom Hugo Otto Karim Felix Ivan Jonas Leo Max Niko Omar Paul Ravi Simon Theo Victor Walter Yusuf Adam Boris Carl Daniel ' +
  'Emil Frank George Henry Isaac Jack Luis Martin'
).split(' ');

export const SURNAMES = (
  'Marlow Reyes Hoffman Ortega Lindqvist Barker Cooper Dawson Ellery Farrow Granger Hale Ibsen Jarvis Keller Lowell ' +
  'Mercer Nolan Osman Parrish Quill Rowan Sayer Tanner Underhill Vance Weaver Yardley Abbott Bishop Carver Drake'
).split(' ');

export const JOBS = [
  'baker', 'teacher', 'carpenter', 'nurse', 'gardener', 'painter', 'sailor', 'tailor', 'farmer', 'librarian', 'doctor',
  'cook', 'driver', 'musician', 'potter', 'smith', 'weaver', 'postman', 'clerk', 'shepherd', 'engineer', 'builder',
] as const; // prettier-ignore

export const HOBBIES = [
  'chess', 'fishing', 'reading', 'singing', 'walking in the hills', 'growing roses', 'keeping bees', 'painting birds',
  'playing the piano', 'cooking', 'swimming', 'collecting stamps', 'dancing', 'building model ships', 'writing poems',
  'riding an old bicycle',
] as const; // prettier-ignore

export const TRAITS = [
  'kind', 'patient', 'clever', 'quiet', 'cheerful', 'stubborn', 'honest', 'careful', 'brave', 'generous', 'curious', 'busy',
] as const; // prettier-ignore

export const PETS = ['dog', 'cat', 'parrot', 'donkey', 'goat', 'rabbit', 'pony', 'duck'] as const;

export const RELATIVES = [
  'sister',
  'brother',
  'mother',
  'father',
  'aunt',
  'uncle',
  'cousin',
  'neighbour',
  'friend',
] as const;

export const TOWN_STARTS =
  'Ash Brook Elm Fen Glen Haw Kings Lang Marsh Nor Oak Pen Red Sand Thorn Wal West Win Black Cold Dun East Fair Green'.split(
    ' ',
  );

export const TOWN_ENDS = 'ford ton bury mere ham field wick combe ley port stead well'.split(' ');

/** Pieces of invented names that no list contains whole. */
export const NAME_SYLLABLES =
  'ba be bo da de do fa fe fi ga go ka ke ki la le lo ma me mi mo na ne no pa pe ra re ri ro sa se so ta te ti to va ve vo za zu'.split(
    ' ',
  );

export const NAME_CLOSINGS = 'l n r s x ck nd rt th ll sk m'.split(' ');
