/** The prompts of a request one by one: a list of numbers is the token ids of one. */
export function promptList(
  given: string | readonly string[] | readonly number[] | readonly number[][],
): readonly (string | number[])[] {
  if (typeof given === 'string') return [given];
  return isTokenIds(given) ? [[...given]] : given;
}

function isTokenIds(list: readonly unknown[]): list is readonly number[] {
  return typeof list[0] === 'number';
}
