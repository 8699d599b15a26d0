import { Unavailable } from '@weir/base';

/** A reading of a Prometheus endpoint; what the process measures of itself since the last reading begins anew with each. */
export interface Reading {
  /** The one series of a gauge; NaN when there is none. */
  gauge(name: string): number;
  /** Counts of a histogram at most each bound, all series together, by bound. */
  buckets(name: string): ReadonlyMap<number, number>;
}

export async function scrape(address: string): Promise<Reading> {
  const response = await fetch(`http://${address}/metrics`);
  if (!response.ok) throw new Unavailable(`${address} has no metrics: HTTP ${response.status}`);
  return readingOf(await response.text());
}

/** Source: Prometheus' text format, as far as a process of Weir writes it. */
export function readingOf(text: string): Reading {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samplesOf = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const valueOf = (line: string) => Number(line.slice(line.lastIndexOf(' ') + 1));
  return {
    gauge(name) {
      const [line] = samplesOf(name);
      return line === undefined ? NaN : valueOf(line);
    },
    buckets(name) {
      const counts = new Map<number, number>();
      for (const line of samplesOf(`${name}_bucket`)) {
        const bound = Number(/[{,]le="([^"]*)"/.exec(line)![1]!.replace('+Inf', 'Infinity'));
        counts.set(bound, (counts.get(bound) ?? 0) + valueOf(line));
      }
      return counts;
    },
  };
}

/** The quantile of what came between two readings of a histogram, even within a bucket; NaN when nothing came. */
export function quantileBetween(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  share: number,
): number {
  const bounds = [...after.keys()].toSorted((a, b) => a - b);
  const upTo = bounds.map((bound) => after.get(bound)! - (before.get(bound) ?? 0));
  const wanted = share * (upTo.at(-1) ?? 0);
  if (wanted === 0) return NaN;
  const at = upTo.findIndex((count) => count >= wanted);
  const [from, below] = at === 0 ? [0, 0] : [bounds[at - 1]!, upTo[at - 1]!];
  // Nothing is known of how far beyond the last bound it is.
  if (bounds[at] === Infinity) return from;
  return from + ((bounds[at]! - from) * (wanted - below)) / (upTo[at]! - below);
}
