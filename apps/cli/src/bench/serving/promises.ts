import { benchModels } from './bench-family.ts';
import type { RawRow, Row } from './figures.ts';

/** One target of the project beside what was measured. */
export interface Promised {
  readonly what: string;
  readonly measured: number;
  readonly bound: 'most' | 'least';
  readonly target: number;
  readonly holds: boolean;
}

/** Most of p99 over p50, with 8 requests in flight. */
const spread = 3;
/** Least that two slots gain over one. */
const secondSlot = 1.6;

/**
 * What the rows say of the project's targets. `processors`: of this machine. Two slots are judged by processor time, as
 * a client and a server share the processors: by how many inferences two whole processors could do, over one slot's rate.
 */
export function promisesOf({
  rows,
  raw,
  peers,
}: {
  rows: readonly Row[];
  raw: readonly RawRow[];
  peers: readonly Row[];
}): Promised[] {
  const found: Promised[] = [];
  const check = (what: string, measured: number, bound: Promised['bound'], target: number) =>
    found.push({
      what,
      measured,
      bound,
      target,
      holds: bound === 'most' ? measured <= target : measured >= target,
    });
  for (const { name, addedMs } of benchModels) {
    const alone = raw.find(({ model }) => model === name);
    const tensors = rows.filter(
      ({ model, input, call }) => model === name && input === 'tensor' && call === 'stream',
    );
    const row = (slots: number, concurrency: number) =>
      tensors.find((one) => one.slots === slots && one.concurrency === concurrency);
    const [one, two] = [row(1, 8), row(2, 8)];
    if (alone && one)
      check(
        `${name}: processor time added to a request, ms`,
        one.cpuMsPerRequest - alone.cpuMsPerRequest,
        'most',
        addedMs,
      );
    if (one && two)
      check(`${name}: two slots, of one, by processor time`, scalingOf(one, two), 'least', secondSlot);
    for (const { slots, p50Ms, p99Ms } of [one, two].flatMap((each) => each ?? []))
      check(`${name}: p99 of p50, 8 in flight, slots ${slots}`, p99Ms / p50Ms, 'most', spread);
    for (const concurrency of [1, 8]) {
      const rivals = peers.filter((peer) => peer.model === name && peer.concurrency === concurrency);
      const own = [row(1, concurrency), row(2, concurrency)].flatMap((each) => each ?? []);
      if (rivals.length === 0 || own.length === 0) continue;
      const best = own.reduce((a, b) => (b.rps > a.rps ? b : a));
      const fastest = Math.max(...rivals.map(({ rps }) => rps));
      const steadiest = Math.min(...rivals.map(({ p99Ms }) => p99Ms));
      check(
        `${name}: requests a second, of the best peer's, ${concurrency} in flight`,
        best.rps / fastest,
        'least',
        1,
      );
      check(`${name}: p99, of the best peer's, ${concurrency} in flight`, best.p99Ms / steadiest, 'most', 1);
    }
  }
  return found;
}

/**
 * What a second slot gains where both have a processor of their own: the same inferences in half the time, less what a
 * request costs more with two slots than with one.
 */
export const scalingOf = (one: Row, two: Row): number => (2 * one.cpuMsPerRequest) / two.cpuMsPerRequest;
