/** From values to coordinates, with the values to mark. Values outside lie on the edge. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly from: number;
  readonly to: number;
}

export interface ScaleOptions {
  readonly from: number;
  readonly to: number;
  /** Coordinate of `from`, and of `to`. */
  readonly range: readonly [number, number];
  /** About how many ticks. @default 5 */
  readonly ticks?: number;
}

/** `to` is raised to the next tick; where there is nothing to show (not above `from`, not finite), it is `from` + 1. */
export function linearScale({ from, to: wanted, range, ticks = 5 }: ScaleOptions): Scale {
  const to = Number.isFinite(wanted) && wanted > from ? wanted : from + 1;
  const step = niceStep((to - from) / ticks);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.max(first + 1, Math.ceil(to / step - 1e-9));
  const top = last * step;
  return {
    at: between(range, (value) => (value - from) / (top - from)),
    ticks: Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step),
    from,
    to: top,
  };
}

/** Ends at `to` itself: for epochs and counts. */
export function exactScale({ from, to, range, ticks }: ScaleOptions): Scale {
  const rounded = linearScale({ from, to, range, ...(ticks !== undefined && { ticks }) });
  return {
    at: between(range, (value) => (value - from) / (to - from || 1)),
    ticks: rounded.ticks.filter((tick) => tick >= from && tick <= to),
    from,
    to,
  };
}

/** `from` and `to` above 0. Ticks at 1, 2 and 5 of each decade, or at the decades where those are many. */
export function logarithmicScale({ from, to, range, ticks = 6 }: ScaleOptions): Scale {
  const decades = Math.log10(to / from) || 1;
  const digits = decades * 3 > ticks + 2 ? [1] : [1, 2, 5];
  return {
    at: between(range, (value) => Math.log10(Math.max(value, from) / from) / decades),
    ticks: decadesBetween(from, to).flatMap((decade) =>
      digits.map((digit) => digit * decade).filter((tick) => tick >= from * 0.999 && tick <= to * 1.001),
    ),
    from,
    to,
  };
}

/** Linear around 0, logarithmic beyond `knee`: for excess over an optimum, from 0 to hundreds of per cent. */
export function symmetricLogScale({
  from,
  to,
  range,
  knee,
}: ScaleOptions & { readonly knee: number }): Scale {
  const bend = (value: number) => Math.sign(value) * Math.log1p(Math.abs(value) / knee);
  const marks = [0, 5, 20, 50, 100, 200, 500, 1_000, 5_000];
  return {
    at: between(range, (value) => (bend(value) - bend(from)) / (bend(to) - bend(from) || 1)),
    ticks: [...marks.slice(1).map((mark) => -mark), ...marks]
      .filter((mark) => mark >= from && mark <= to)
      .sort((a, b) => a - b),
    from,
    to,
  };
}

function between([start, end]: readonly [number, number], share: (value: number) => number) {
  return (value: number) => start + (end - start) * Math.min(1, Math.max(0, share(value)));
}

function niceStep(rough: number): number {
  const decade = 10 ** Math.floor(Math.log10(rough));
  const digit = [1, 2, 2.5, 5, 10].find((candidate) => candidate * decade >= rough * 0.999)!;
  return digit * decade;
}

function decadesBetween(from: number, to: number): number[] {
  const first = Math.floor(Math.log10(from));
  const last = Math.ceil(Math.log10(to));
  return Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
}
