/** Pictures whose margins are neighbours. */
export interface MarginBin {
  /** In ascending order of their margins. */
  readonly pictures: readonly number[];
  /** Above the margins of this bin, at most those of the next. */
  readonly marginBelow: number;
}

/** Above every margin: all frames. */
export const EVERY_MARGIN = 2;

/** At most `count` bins of about as many pictures each; equal margins share a bin, as no threshold parts them. */
export function marginBins(margins: readonly number[], count: number): readonly MarginBin[] {
  const order = margins.map((_, picture) => picture).sort((a, b) => margins[a]! - margins[b]!);
  const at = (rank: number) => margins[order[rank]!]!;
  const n = order.length;
  const bins: MarginBin[] = [];
  let begin = 0;
  for (let bin = 1; bin <= count; bin++) {
    let end = Math.round((n * bin) / count);
    if (end <= begin) continue;
    while (end < n && at(end) === at(end - 1)) end++;
    const marginBelow = end === n ? EVERY_MARGIN : shortestAbove(at(end - 1), at(end));
    bins.push({ pictures: order.slice(begin, end), marginBelow });
    begin = end;
  }
  return bins;
}

/** The shortest decimal in (below, to] about the middle, so that files stay readable. */
function shortestAbove(below: number, to: number): number {
  for (let digits = 2; digits <= 17; digits++) {
    const rounded = Number(((below + to) / 2).toPrecision(digits));
    if (rounded > below && rounded <= to) return rounded;
  }
  return to;
}
