export const GOODS = [
  'chair', 'table', 'lamp', 'kettle', 'coat', 'scarf', 'basket', 'clock', 'knife', 'bowl', 'teapot', 'blanket', 'mirror',
  'bicycle', 'violin', 'bag', 'hat', 'pair of boots', 'desk', 'candle holder', 'umbrella', 'jug', 'chest', 'rug',
] as const; // prettier-ignore

export const MATERIALS = [
  'oak', 'copper', 'wool', 'leather', 'glass', 'silver', 'clay', 'linen', 'iron', 'willow', 'brass', 'silk', 'pine', 'steel',
] as const; // prettier-ignore

export const COLOURS = [
  'red', 'blue', 'green', 'black', 'white', 'brown', 'grey', 'yellow', 'dark blue', 'pale green', 'orange', 'purple',
] as const; // prettier-ignore

export const ADJECTIVES = [
  'light',
  'heavy',
  'strong',
  'small',
  'large',
  'plain',
  'simple',
  'handsome',
  'old',
  'new',
] as const;

export const COINS = [
  'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'twelve', 'fifteen', 'twenty', 'thirty', 'forty',
  'fifty', 'sixty', 'eighty',
] as const; // prettier-ignore

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

export const SEASONS = ['spring', 'summer', 'autumn', 'winter'] as const;

export const WEATHER = [
  'It was raining', 'The sun was shining', 'Snow lay on the roofs', 'A cold wind blew', 'Fog hung over the water',
  'It was a warm evening', 'The sky was clear', 'It was still dark', 'The first leaves were falling', 'It was a bright morning',
] as const; // prettier-ignore

export const GROCERIES = [
  'bread', 'milk', 'eggs', 'apples', 'butter', 'salt', 'candles', 'honey', 'flour', 'tea', 'coffee', 'soap', 'cheese',
  'onions', 'carrots', 'paper', 'matches', 'rice', 'lemons', 'pears', 'potatoes', 'sugar', 'oil', 'nails', 'string',
] as const; // prettier-ignore
