/** Slips of the finger that a name may have and still be taken for another. */
const mostSlips = 2;

/** The known name that was probably meant: with one or two letters wrong, missing, doubled or swapped. Undefined where none is. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((each) => ({ each, slips: slipsBetween(name, each) }))
    .filter(({ each, slips }) => slips <= Math.min(mostSlips, Math.floor(each.length / 4)))
    .sort((a, b) => a.slips - b.slips);
  return near[0]?.each;
}

/** Optimal string alignment distance. Source: Boytsov 2011, "Indexing methods for approximate dictionary searching". */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > mostSlips) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? beforeLast[j - 2]! + 1 : Infinity;
      row.push(Math.min(replaced, last[j]! + 1, row[j - 1]! + 1, swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
