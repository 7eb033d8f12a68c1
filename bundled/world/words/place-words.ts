/** First words of place names such as "Silver Lantern". */
export const PLACE_ADJECTIVES = (
  'Silver Golden Copper Blue Green Red Black White Old Little Quiet Merry Crooked Hidden Lucky Wild Winter Summer ' +
  'Autumn Morning Evening Midnight Northern Southern Western Royal Humble Happy Sleepy Brave Gentle Painted Broken ' +
  'Dancing Singing Laughing Flying Wandering Amber Ivory Scarlet Crystal Iron Velvet Marble Paper Wooden Stone Clever Proud'
).split(' ');

/** Second words of place names. */
export const PLACE_NOUNS = (
  'Lantern Fox Mill Anchor Bridge Crown Oak Swan Heron Lion Bell Kettle Spoon Table Garden Harbour Window Door Rose ' +
  'Lily Thistle Willow Acorn Barrel Compass Feather Pearl Star Moon Sun Cloud River Well Gate Tower Wheel Horse Hare ' +
  'Owl Robin Raven Salmon Trout Plough Basket Candle Mirror Clock Ship Sail Otter Badger'
).split(' ');

/** Where people eat and drink. */
export const EATING_KINDS = [
  'cafe',
  'pub',
  'restaurant',
  'bistro',
  'bakery',
  'inn',
  'tavern',
  'diner',
] as const;

/** Where people do not go for the food. */
export const OTHER_KINDS = ['hotel', 'museum', 'bookshop', 'theatre', 'gallery', 'market hall'] as const;

export const FOODS = [
  'Italian', 'Indian', 'Chinese', 'French', 'Spanish', 'Greek', 'Japanese', 'Thai', 'Mexican', 'Turkish', 'English', 'Persian',
] as const; // prettier-ignore

export const AREAS = [
  'old harbour', 'city centre', 'market square', 'garden district', 'station quarter', 'old town',
  'river valley', 'castle yard', 'mill lane', 'park quarter',
] as const; // prettier-ignore

export const PRICES = ['cheap', 'moderate', 'expensive'] as const;

export const RATINGS = ['poor', 'average', 'good', 'excellent'] as const;

export const DISHES: Readonly<Record<(typeof FOODS)[number], readonly string[]>> = {
  Italian: ['mushroom risotto', 'spinach lasagne', 'tomato pasta'],
  Indian: ['lentil curry', 'butter chicken', 'spiced rice'],
  Chinese: ['dumplings', 'fried noodles', 'roast duck'],
  French: ['onion soup', 'apple tart', 'cheese omelette'],
  Spanish: ['seafood paella', 'potato omelette', 'garlic prawns'],
  Greek: ['lamb stew', 'olive salad', 'grilled fish'],
  Japanese: ['noodle soup', 'salmon sushi', 'rice bowls'],
  Thai: ['green curry', 'coconut soup', 'peanut noodles'],
  Mexican: ['bean tacos', 'corn soup', 'chicken burritos'],
  Turkish: ['lamb kebab', 'lentil soup', 'honey cake'],
  English: ['fish and chips', 'meat pie', 'roast beef'],
  Persian: ['saffron rice', 'walnut stew', 'mint soup'],
};

export const FEATURES = [
  'a small terrace', 'a long wooden bar', 'a quiet garden', 'tall windows', 'a warm fireplace', 'red curtains',
  'a painted ceiling', 'a piano by the door', 'shelves full of books', 'a view of the water', 'green tiles on the walls',
  'fresh flowers on every table', 'a black and white floor', 'an old clock above the door',
] as const; // prettier-ignore

export const EVENTS = [
  'live music', 'a chess evening', 'a poetry reading', 'a quiz', 'a small market', 'a dance', 'a film night', 'a cooking class',
] as const; // prettier-ignore
