import { seededRandom, systemClock } from '@weir/base';
import { type RunningCell, type Sample, connectAgent, drive } from '@weir/cell';
import { loadFamily, loadSamples } from '@weir/inference';
import { reasonName, tierName } from '@weir/wire';
import { readFile } from 'node:fs/promises';

/** A frame as its application saw it. */
export interface SeenFrame {
  readonly deviceId: string;
  readonly nodeId: string;
  readonly tier: string;
  readonly reason: string;
  readonly failedAttempts: readonly string[];
  /** From sending to answer, ms. */
  readonly clientMs: number;
}

/** Frames that flow through every device of a cell until disposed of. */
export interface Traffic extends AsyncDisposable {
  /** In the order of their answers. */
  readonly answers: readonly SeenFrame[];
  readonly failures: readonly string[];
  /** Resolves once `enough` holds, which is looked at after each answer; rejects after `withinMs`. */
  until(what: string, enough: () => boolean, options?: { withinMs?: number }): Promise<void>;
}

export async function startTraffic(
  cell: RunningCell,
  { rate, timeoutMs }: { rate: number; timeoutMs: number },
): Promise<Traffic> {
  const samples = await pictures();
  const answers: SeenFrame[] = [];
  const failures: string[] = [];
  const waiting = new Set<() => void>();
  const look = () => {
    for (const check of waiting) check();
  };
  const stop = new AbortController();
  const running = cell.devices.map(async ({ id, address }, index) => {
    await using client = connectAgent(address);
    await drive({
      client,
      samples,
      timeoutMs,
      arrivals: { pattern: 'periodic', rate, frames: Infinity },
      clock: systemClock,
      random: seededRandom(index),
      signal: stop.signal,
      onAnswer({ response: { placement, decision }, clientMs }) {
        answers.push({
          deviceId: id,
          nodeId: placement?.nodeId ?? '',
          tier: tierName(placement?.tier),
          reason: reasonName(decision?.reason),
          failedAttempts: decision?.failedAttempts ?? [],
          clientMs,
        });
        look();
      },
      onFailure(error) {
        failures.push(String(error));
        look();
      },
    });
  });
  return {
    answers,
    failures,
    until: (what, enough, { withinMs = 30_000 } = {}) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          const last = JSON.stringify(answers.slice(-5));
          reject(
            new Error(
              `not within ${withinMs} ms: ${what}; ${failures.length} failures, last answers ${last}`,
            ),
          );
        }, withinMs);
        const check = () => {
          if (!enough()) return;
          waiting.delete(check);
          clearTimeout(timer);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

async function pictures(): Promise<Sample[]> {
  const listed = await loadSamples(await loadFamily());
  return Promise.all(
    listed.slice(0, 40).map(async ({ path, label }) => ({ file: path, label, image: await readFile(path) })),
  );
}
