/** Of these names the one that was most likely meant, or undefined when none is near. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const distance = (name: string) => editDistance(given.toLowerCase(), name.toLowerCase());
  const best = names.toSorted((a, b) => distance(a) - distance(b))[0];
  return best !== undefined && distance(best) <= Math.max(2, best.length / 3) ? best : undefined;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
