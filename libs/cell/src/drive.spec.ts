import { FakeClock, seededRandom } from '@weir/base';
import type { AgentClient } from './agent-client.ts';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { arrivals } from './arrivals.ts';
import { drive, inputOf, isCorrect } from './drive.ts';
import type { Answer } from './tally.ts';

const samples = ['a', 'b', 'c'].map((label, index) => ({
  file: `${label}.png`,
  image: new Uint8Array([index]),
  label,
}));

async function arrivalTimes(pattern: 'periodic' | 'poisson', frames: number, rate = 10) {
  const clock = new FakeClock();
  const times: number[] = [];
  const running = (async () => {
    const { signal } = new AbortController();
    for await (const _ of arrivals({ pattern, rate, frames, clock, random: seededRandom(7), signal }))
      times.push(clock.now());
  })();
  await clock.advanceAsync((frames / rate) * 2_000);
  await running;
  return times;
}

describe('arrivals', () => {
  it('come evenly when periodic', async () => {
    const times = await arrivalTimes('periodic', 5);
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    expect(times[0]).toBeLessThan(100);
    for (const gap of gaps) expect(gap).toBeCloseTo(100);
  });

  it('have the mean and the spread of a Poisson process', async () => {
    const times = await arrivalTimes('poisson', 2_000);
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    // Five standard errors: 100/√2000 for the mean; the squared coefficient of variation of an exponential is 1.
    expect(Math.abs(mean - 100)).toBeLessThan(5 * (100 / Math.sqrt(2_000)));
    expect(variance / mean ** 2).toBeGreaterThan(0.7);
    expect(variance / mean ** 2).toBeLessThan(1.4);
  });
});

describe('a sample', () => {
  it('of tensors is asked about as it is, and nobody knows what is right', () => {
    const sample = { file: 'x', tensors: [common.NamedTensor.fromPartial({ name: 'x' })] };
    expect(inputOf(sample)).toEqual({ tensors: sample.tensors });
    expect(isCorrect({ classification: undefined }, sample)).toBeUndefined();
  });

  it('of a picture is right or wrong', () => {
    const classification = common.Classification.fromPartial({ label: 'a' });
    expect(inputOf(samples[0]!)).toEqual({ image: samples[0]!.image });
    expect(isCorrect({ classification }, samples[0]!)).toBe(true);
    expect(isCorrect({ classification }, samples[1]!)).toBe(false);
  });
});

/** A DeviceAgent that answers after `delayMs` that every picture shows an "a". */
function agentAnswering(clock: FakeClock, delayMs: number) {
  let [inFlight, most] = [0, 0];
  const client: AgentClient = {
    infer: () =>
      new Promise((resolve) => {
        most = Math.max(most, ++inFlight);
        clock.after(delayMs, () => {
          inFlight--;
          resolve(agent.InferResponse.fromPartial({ responseMs: delayMs, classification: { label: 'a' } }));
        });
      }),
    status: () => Promise.reject(new Error('not asked')),
    reportTruth: () => Promise.reject(new Error('not told')),
    objective: () => Promise.resolve({ accuracyFloor: 0, maxLooks: 2 }),
    ready: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { client, most: () => most };
}

async function driven(options: { delayMs: number; frames: number; maxInFlight?: number; stopAtMs?: number }) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { client, most } = agentAnswering(clock, options.delayMs);
  const answers: Answer[] = [];
  if (options.stopAtMs !== undefined) clock.after(options.stopAtMs, () => stop.abort());
  const running = drive({
    client,
    samples,
    arrivals: { pattern: 'periodic', rate: 10, frames: options.frames },
    ...(options.maxInFlight === undefined ? {} : { maxInFlight: options.maxInFlight }),
    clock,
    random: seededRandom(3),
    signal: stop.signal,
    onAnswer: (answer) => answers.push(answer),
    onFailure: (error) => {
      throw error;
    },
  });
  await clock.advanceAsync(60_000);
  await running;
  return { answers, most: most() };
}

describe('drive', () => {
  it('sends every frame, checks it against its label, and measures', async () => {
    const { answers, most } = await driven({ delayMs: 250, frames: 9 });
    expect(answers).toHaveLength(9);
    expect(answers.filter(({ correct }) => correct)).toHaveLength(3);
    for (const { clientMs } of answers) expect(clientMs).toBeCloseTo(250);
    // Arrivals do not wait for answers: 250 ms at 10 a second.
    expect(most).toBe(3);
  });

  it('bounds the frames in flight', async () => {
    const { answers, most } = await driven({ delayMs: 1_000, frames: 12, maxInFlight: 2 });
    expect(answers).toHaveLength(12);
    expect(most).toBe(2);
  });

  it('stops with the signal, and waits for the frames in flight', async () => {
    const { answers } = await driven({ delayMs: 500, frames: Infinity, stopAtMs: 1_050 });
    expect(answers.length).toBeGreaterThanOrEqual(10);
    expect(answers.length).toBeLessThanOrEqual(11);
  });

  it.each(['onAnswer', 'onFailure'] as const)(
    'ends with what %s throws, sends nothing more and counts it as no failure',
    async (callback) => {
      const clock = new FakeClock();
      let asked = 0;
      const full = new Error('the disk is full');
      const told: string[] = [];
      const tell = (name: string) => () => {
        told.push(name);
        if (name === callback) throw full;
      };
      const client: AgentClient = {
        ...agentAnswering(clock, 0).client,
        infer: () => {
          asked++;
          return callback === 'onAnswer'
            ? Promise.resolve(agent.InferResponse.fromPartial({}))
            : Promise.reject(new Error('unavailable'));
        },
      };
      const running = drive({
        client,
        samples,
        arrivals: { pattern: 'periodic', rate: 10, frames: 5 },
        clock,
        random: seededRandom(3),
        signal: new AbortController().signal,
        onAnswer: tell('onAnswer'),
        onFailure: tell('onFailure'),
      }).catch((error: unknown) => error);
      await clock.advanceAsync(60_000);
      expect(await running).toBe(full);
      expect(told).toEqual([callback]);
      expect(asked).toBe(1);
    },
  );
});
