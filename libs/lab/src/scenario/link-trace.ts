import { type Clock, InvalidInput, type Random, sleep } from '@weir/base';
import type { CellLink } from '@weir/cell';

/** Conditions of a link from an instant on, the same both ways. */
export interface TracePoint {
  /** Since the beginning of the trace, s. */
  readonly atS: number;
  /** 0: an outage; nothing gets through, and nobody is told. */
  readonly bitsPerSecond: number;
  /** One way, ms; means nothing during an outage. */
  readonly delayMs: number;
}

export const traceHeader = 'time_s,rate_mbps,delay_ms';
const maxPoints = 1_000_000;

/**
 * Reads a trace: CSV with the columns time_s, rate_mbps (>= 0; 0 is an outage) and delay_ms (>= 0, one way), times rising
 * from 0 on; lines that are empty or begin with # are passed over. Throws InvalidInput, naming each faulty line (the first
 * ten).
 */
export function parseTrace(text: string, origin = 'trace'): TracePoint[] {
  const faults: { field: string; description: string }[] = [];
  const fault = (line: number, description: string) =>
    faults.push({ field: `${origin}:${line}`, description });
  const lines = text
    .split(/\r?\n/)
    .map((content, index) => ({ content: content.trim(), number: index + 1 }))
    .filter(({ content }) => content !== '' && !content.startsWith('#'));
  const [head, ...rows] = lines;
  if (head?.content.replace(/\s/g, '') !== traceHeader)
    throw new InvalidInput([
      { field: `${origin}:${head?.number ?? 1}`, description: `expected the header ${traceHeader}` },
    ]);
  if (rows.length > maxPoints) fault(rows[maxPoints]!.number, `expected at most ${maxPoints} lines`);
  let before = -Infinity;
  const points = rows.slice(0, maxPoints).map(({ content, number }): TracePoint => {
    const cells = content.split(',');
    const [atS, mbps, delayMs] = cells.map((cell) => (cell.trim() === '' ? NaN : Number(cell))) as [
      number,
      number,
      number,
    ];
    if (cells.length !== 3) fault(number, `expected 3 columns, got ${cells.length}`);
    else if (!(atS >= 0) || !Number.isFinite(atS)) fault(number, 'time_s: expected a number >= 0');
    else if (!(atS > before)) fault(number, `time_s: expected more than ${before} of the line before`);
    else if (!(mbps >= 0) || !Number.isFinite(mbps)) fault(number, 'rate_mbps: expected a number >= 0');
    else if (!(delayMs >= 0 && delayMs <= 60_000)) fault(number, 'delay_ms: expected a number 0..60000');
    before = Math.max(before, Number.isFinite(atS) ? atS : before);
    return { atS, bitsPerSecond: mbps * 1e6, delayMs };
  });
  if (faults.length === 0 && points.length === 0)
    fault(head.number, 'expected at least one line after the header');
  if (faults.length === 0 && points[0]!.atS !== 0)
    fault(rows[0]!.number, 'time_s: expected 0 in the first line');
  if (faults.length === 0 && points.every(isOutage))
    fault(rows[0]!.number, 'rate_mbps: expected more than 0 in at least one line');
  if (faults.length > 0) throw new InvalidInput(faults.slice(0, 10));
  return points;
}

const isOutage = ({ bitsPerSecond }: TracePoint): boolean => bitsPerSecond === 0;

/** Of a trace that begins again at its end; 0 when it has no outage. */
export function longestOutageMs(points: readonly TracePoint[]): number {
  const lengthS = lengthOf(points);
  // Twice round, so that an outage over the end is seen whole.
  const twice = [...points, ...points.map((point) => ({ ...point, atS: point.atS + lengthS }))];
  let longestS = 0;
  let since: number | undefined;
  for (const point of twice) {
    if (isOutage(point)) since ??= point.atS;
    else if (since !== undefined) {
      longestS = Math.max(longestS, point.atS - since);
      since = undefined;
    }
  }
  return 1_000 * longestS;
}

/** The last point holds as long as the one before it did; a single one for ever. */
function lengthOf(points: readonly TracePoint[]): number {
  const last = points.at(-1)!.atS;
  return points.length > 1 ? last + (last - points.at(-2)!.atS) : Infinity;
}

export const formatTrace = (points: readonly TracePoint[]): string =>
  [
    traceHeader,
    ...points.map(
      ({ atS, bitsPerSecond, delayMs }) =>
        `${Number(atS.toFixed(3))},${Number((bitsPerSecond / 1e6).toFixed(3))},${Number(delayMs.toFixed(2))}`,
    ),
    '',
  ].join('\n');

export interface GenerateTraceOptions {
  readonly seconds: number;
  /** Time between two points, s. */
  readonly stepS: number;
  /** Median rate, Mbit/s, and median delay one way, ms. */
  readonly rateMbps: number;
  readonly delayMs: number;
  /** Standard deviation of the logarithm of both; 0.5: mostly within a factor of 1.6. */
  readonly variation: number;
  /** Correlation of one point with the next, 0..1. */
  readonly memory: number;
  readonly random: Random;
}

/** A first-order Gauss–Markov series of log rate, with the delay going against it: a link that has less also waits longer. */
export function generateTrace(options: GenerateTraceOptions): TracePoint[] {
  const { seconds, stepS, rateMbps, delayMs, variation, memory, random } = options;
  let state = random.normal();
  return Array.from({ length: Math.max(1, Math.floor(seconds / stepS)) }, (_, index) => {
    if (index > 0) state = memory * state + Math.sqrt(1 - memory * memory) * random.normal();
    const factor = Math.exp(variation * state);
    return { atS: index * stepS, bitsPerSecond: (rateMbps * 1e6) / factor, delayMs: delayMs * factor };
  });
}

/** Puts the links into each point's conditions in turn, and begins again at the end; resolves when the signal aborts. */
export async function playTrace(
  points: readonly TracePoint[],
  links: readonly Pick<CellLink, 'set' | 'cut' | 'restore'>[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const lengthS = lengthOf(points);
  let roundAt = clock.now();
  for (let index = 0; !signal.aborted; index = (index + 1) % points.length) {
    const point = points[index]!;
    const { atS, bitsPerSecond, delayMs } = point;
    const waitMs = roundAt + 1_000 * atS - clock.now();
    if (waitMs > 0) await sleep(waitMs, { clock, signal }).catch(() => {});
    if (signal.aborted) return;
    const conditions = { delayMs, bitsPerSecond };
    // A relay that is down at this moment hears of the next point.
    await Promise.allSettled(
      links.flatMap((link) =>
        isOutage(point)
          ? [link.cut('blackhole')]
          : [link.set({ up: conditions, down: conditions }), link.restore()],
      ),
    );
    if (index < points.length - 1) continue;
    if (lengthS === Infinity) return;
    roundAt += 1_000 * lengthS;
  }
}
