/** The two sides of one thing that a reviewer may speak of; entries are templates of whole sentences. */
export interface Aspect {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

const service: Aspect = {
  positive: [
    'the [waiter|owner|woman at the door] [was friendly|greeted us with a smile|could not have been kinder|remembered our names]',
    'the staff were [friendly|kind|patient|helpful|quick and cheerful]',
    'nothing was too much trouble for the staff',
    'we were [served at once|made to feel at home|looked after very well]',
    'our table was ready [and the service was quick|when we came]',
  ],
  negative: [
    'the [waiter|owner|woman at the door] [was rude|ignored us|forgot us twice|shouted at a guest|never smiled]',
    'the staff were [rude|slow|careless|bored|unfriendly]',
    'nobody [came to help us|said a word to us|seemed to care]',
    'we [waited an hour|had to ask three times|were sent away twice]',
    'our table was [not ready|next to the bins|dirty] and the service was [slow|careless]',
  ],
};

const food: Aspect = {
  positive: [
    'the {dish} [was|tasted] [delicious|fresh and warm|wonderful|rich and tender|perfect]',
    'I [could have eaten the {dish} twice|have never had better {dish}]',
    'everything on the plate was [fresh|full of flavour|cooked with care]',
    'the [bread|coffee|cake] was [fresh|superb|a delight]',
    'the portions were [generous|large] and [tasty|full of flavour]',
  ],
  negative: [
    'the {dish} [was|tasted] [cold|stale|burnt|bland|awful|dry and salty]',
    'I [could not finish the {dish}|left half of the {dish} on the plate|have never had worse {dish}]',
    'everything on the plate was [cold|greasy|without flavour|overcooked]',
    'the [bread|coffee|cake] was [stale|sour|a disgrace]',
    'the portions were [tiny|small] and [tasteless|badly cooked]',
  ],
};

const comfort: Aspect = {
  positive: [
    'the room was [clean|spotless|bright and warm|cosy|peaceful]',
    'the bed was [soft|wonderful|very comfortable] and I slept [like a child|well]',
    'the [chairs were|seats were] [comfortable|soft] and the air was [fresh|pleasant]',
    'from our window we saw [the lovely garden|the whole beautiful bay]',
    'it was [calm|pleasantly quiet] and everything [smelled fresh|shone]',
  ],
  negative: [
    'the room was [dirty|cold and damp|dark|noisy|full of dust]',
    'the bed was [hard|broken|far too short] and I [hardly slept|slept badly]',
    'the [chairs were|seats were] [broken|hard] and the air was [stale|thick with smoke]',
    'from our window we saw [only a wall|nothing but rubbish]',
    'it was [terribly loud|unpleasantly hot] and everything [smelled of smoke|was sticky]',
  ],
};

const value: Aspect = {
  positive: [
    'the price was [fair|low for what we got|more than fair]',
    'it was worth every [coin|penny]',
    'you get [a lot|far more than you expect] for your money',
    'we paid [little|a fair sum] and [left happy|got so much]',
  ],
  negative: [
    'the price was [shameless|far too high|a joke]',
    'it was not worth [a single coin|half the price]',
    'you get [very little|almost nothing] for your money',
    'we paid [too much|a small fortune] and [left hungry|got nothing for it]',
  ],
};

const show: Aspect = {
  positive: [
    'the rooms were full of [beautiful|fascinating|rare] things',
    'the guide [knew everything|told wonderful stories|answered every question]',
    'there was [so much to discover|not one dull moment]',
    'we [laughed a lot|were enchanted|forgot the time]',
  ],
  negative: [
    'the rooms were [half empty|full of junk|closed for most of the day]',
    'the guide [knew nothing|was in a hurry|mumbled all the time]',
    'there was [nothing to discover|not one bright moment]',
    'we [yawned a lot|were bored to tears|looked at the clock all the time]',
  ],
};

const making: Aspect = {
  positive: [
    'the {good} is [beautifully made|solid|light and strong|a pleasure to use]',
    'after a year of use it [still looks new|works perfectly|has not a single scratch]',
    'the {material} [feels smooth|is of the best kind|shines]',
    'it [arrived early|came well packed] and [fitted perfectly|worked at once]',
  ],
  negative: [
    'the {good} is [badly made|flimsy|crooked|a pain to use]',
    'after a week of use it [fell apart|looked worn|stopped working|broke]',
    'the {material} [feels rough|is of the worst kind|cracked]',
    'it [arrived late|came in pieces] and [did not fit|never worked]',
  ],
};

/** What can be said of each sort of subject. */
export const ASPECTS = {
  eating: [service, food, value, comfort],
  staying: [service, comfort, value, comfort],
  visiting: [service, show, value, show],
  owning: [making, value, making, making],
} as const;

/** Sentences that sum up, without the words of the label. */
export const CLOSINGS: Aspect = {
  positive: [
    'I [will|would] [gladly|happily] [go back|come again]', 'I recommend it [to everyone|with all my heart|warmly]',
    'what a [treat|joy|lovely surprise]', 'we [enjoyed|loved] every minute', 'I [cannot praise it enough|was delighted]',
    'my {relative} was [delighted|impressed|full of praise]', 'it made our day', 'I could not have asked for more',
    'we left with [a smile|happy faces]', 'a [gem|pleasure] from start to end',
  ],
  negative: [
    'I [will|would] never [go back|come again]', 'I warn [everyone|all my friends] against it', 'what a [mess|shame|waste of time]',
    'we [regretted|hated] every minute', 'I [cannot forgive it|was furious]', 'my {relative} was [furious|disappointed|full of anger]',
    'it ruined our day', 'I want my money back', 'we left with [a headache|long faces]', 'a [disaster|nightmare] from start to end',
  ],
}; // prettier-ignore

/** The same for things one buys. */
export const OWNING_CLOSINGS: Aspect = {
  positive: [
    'I [will|would] [gladly|happily] buy another', 'I recommend it [to everyone|with all my heart|warmly]', 'what a [treat|joy|lovely surprise]',
    'I [enjoy|love] it every day', 'I [cannot praise it enough|was delighted]', 'my {relative} was [delighted|impressed|full of praise]',
    'I could not have asked for more', 'money well spent',
  ],
  negative: [
    'I [will|would] never buy another', 'I warn [everyone|all my friends] against it', 'what a [mess|shame|waste of money]',
    'I [regret|hate] it every day', 'I [cannot forgive the maker|was furious]', 'my {relative} was [furious|disappointed|full of anger]',
    'I want my money back', 'money thrown away',
  ],
}; // prettier-ignore
