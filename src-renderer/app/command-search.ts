/** How well the words of a query fit a text: all must occur; at the start of the text or of a word counts more. 0 = not. */
export function fitOf(query: string, text: string): number {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const lower = text.toLowerCase();
  let fit = 1;
  for (const word of words) {
    const at = lower.indexOf(word);
    if (at < 0) return 0;
    fit += at === 0 ? 4 : /[\s:·,/-]/.test(lower[at - 1]!) ? 2 : 1;
  }
  return fit;
}

/** What fits, best first; equals stay in their order. */
export function bestFits<T>(query: string, items: readonly T[], textOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, fit: fitOf(query, textOf(item)) }))
    .filter(({ fit }) => fit > 0)
    .sort((a, b) => b.fit - a.fit)
    .map(({ item }) => item);
}
