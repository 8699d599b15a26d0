import { type Random, sleep } from '@weir/base';
import { type Doing, drawFault } from './faults.ts';
import type { Fault } from './history.ts';
import type { LivingCell } from './living-cell.ts';

/** Mean time from the beginning of one fault to that of the next, ms. */
const paceMs = 1_500;
/** Faults at once: more of them, and a cell of three tiers is a cell of none. */
const most = 4;

export interface ChaosOptions {
  readonly random: Random;
  /** Ends when so many processes have been killed, or after so long, whichever is first. */
  readonly limits: { readonly kills: number; readonly minutes: number };
  /** Ends it at once; what is broken is mended all the same. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  /** Called when a fault is over. */
  readonly onFault: (fault: Fault) => void;
}

/** Does one thing after the other to a cell, some of them at once; resolves when all are over. */
export async function chaos(
  living: LivingCell,
  { random, limits, signal, say, onFault }: ChaosOptions,
): Promise<void> {
  const until = performance.now() + limits.minutes * 60_000;
  const running = new Map<Doing, Promise<void>>();
  const failures: unknown[] = [];
  let kills = 0;
  const goesOn = () => kills < limits.kills && performance.now() < until && failures.length === 0;
  while (goesOn() && !signal.aborted) {
    await pause(random.exponential(paceMs));
    if (running.size >= most) await Promise.race(running.values());
    const doing = drawFault(living, random);
    const taken = new Set([...running.keys()].flatMap(({ claims }) => claims));
    if (doing.claims.some((name) => taken.has(name))) continue;
    if (doing.kind === 'kill' || doing.kind === 'read-only disk') kills++;
    const ended = run(doing)
      .catch((error: unknown) => failures.push(error))
      .finally(() => running.delete(doing));
    running.set(
      doing,
      ended.then(() => {}),
    );
  }
  await Promise.all(running.values());
  if (failures.length > 0) throw failures[0];
  signal.throwIfAborted();

  /** Ends early when all is to end. */
  function pause(ms: number): Promise<void> {
    return sleep(ms, { signal }).catch(() => {});
  }

  async function run(doing: Doing): Promise<void> {
    const { kind, target, lastsMs, detail } = doing;
    const lasts = lastsMs > 0 ? `for ${(lastsMs / 1_000).toFixed(1)} s` : '';
    say([kind.padEnd(14), target, lasts, detail].filter((text) => text !== '').join('  '));
    const from = performance.now();
    await doing.begin();
    await pause(lastsMs);
    await doing.end();
    const span = { from, until: performance.now() };
    onFault({ kind, target, ...span });
    if (kind === 'read-only disk') onFault({ kind: 'kill', target: 'policy', ...span });
    if (kind === 'full disk') onFault({ kind: 'restart', target: 'policy', ...span });
  }
}
