import { seededRandom, silentLogger, sleep, systemClock } from '@weir/base';
import {
  connectAgent,
  drive,
  exampleCell,
  processorTime,
  type Picture,
  startCell,
  startConsole,
} from '@weir/cell';
import { performance } from 'node:perf_hooks';
import { childrenNamed } from './children-named.ts';

export interface ConsoleCost {
  readonly devices: number;
  readonly framesPerSecond: number;
  /** Share of one processor that the console's process uses, 0..1. */
  readonly share: { readonly noPage: number; readonly onePage: number };
  readonly kilobytesPerSecond: number;
}

const devices = 5;
const accuracyFloor = 0.85;
/** Frames per second of each device. */
const rate = 5;
const warmUpMs = 5_000;

/** Measures the console over a living cell of five devices with frames flowing, first with no page open, then with one. */
export async function consoleCost({
  samples,
  models,
  seconds,
  signal,
}: {
  samples: readonly Picture[];
  models: string | undefined;
  /** Duration of each measurement. */
  seconds: number;
  signal: AbortSignal;
}): Promise<ConsoleCost> {
  const logger = silentLogger;
  await using cell = await startCell(
    { ...exampleCell({ devices, accuracyFloor }), models },
    { logger, signal },
  );
  await using page = await startConsole(cell, { logger, signal });
  const pids = childrenNamed('apps/console/');
  const share = async () => {
    await sleep(warmUpMs, { signal });
    const [before, from] = [processorTime(pids).all, performance.now()];
    await sleep(seconds * 1_000, { signal });
    return (processorTime(pids).all - before) / (performance.now() - from);
  };

  let frames = 0;
  const from = performance.now();
  const stop = new AbortController();
  const driving = cell.devices.map(async ({ id, address }, index) => {
    await using client = connectAgent(address);
    await drive({
      client,
      samples,
      arrivals: { pattern: 'periodic', rate, frames: Infinity },
      clock: systemClock,
      random: seededRandom(index),
      signal: AbortSignal.any([signal, stop.signal]),
      onAnswer(answer) {
        frames++;
        page.answered(id, answer);
      },
      onFailure: (error) => page.failed(id, String(error)),
    });
  });
  try {
    const noPage = await share();
    const reader = new AbortController();
    let bytes = 0;
    const reading = (async () => {
      const response = await fetch(`${page.url}events`, { signal: reader.signal });
      for await (const chunk of response.body! as AsyncIterable<Uint8Array>) bytes += chunk.byteLength;
    })().catch(() => {});
    const onePage = await share();
    reader.abort();
    await reading;
    return {
      devices,
      framesPerSecond: frames / ((performance.now() - from) / 1_000),
      share: { noPage, onePage },
      kilobytesPerSecond: bytes / (seconds * 1_000 + warmUpMs),
    };
  } finally {
    stop.abort();
    await Promise.allSettled(driving);
  }
}
