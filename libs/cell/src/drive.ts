import type { Clock, Random } from '@weir/base';
import type { AgentClient } from './agent-client.ts';
import { type Arrivals, arrivals } from './arrivals.ts';
import type { Answer } from './tally.ts';

/** A picture with its known label. */
export interface Sample {
  readonly file: string;
  readonly image: Uint8Array;
  readonly label: string;
}

export interface DriveOptions {
  readonly client: AgentClient;
  /** Shown in random order, over and over. */
  readonly samples: readonly Sample[];
  readonly arrivals: Pick<Arrivals, 'pattern' | 'rate' | 'frames'>;
  /** Time budget of each frame, ms. @default the objective's deadline */
  readonly timeoutMs?: number | undefined;
  /** Frames in flight at once; further arrivals wait. @default 32 */
  readonly maxInFlight?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: Answer, sample: Sample) => void;
  /** `clientMs`: until it failed. */
  readonly onFailure: (error: unknown, frame: { readonly sample: Sample; readonly clientMs: number }) => void;
}

/** One device's application: sends frames as they arrive and resolves with the last answer. */
export async function drive(options: DriveOptions): Promise<void> {
  const {
    client,
    samples,
    clock,
    random,
    signal,
    onAnswer,
    onFailure,
    maxInFlight = 32,
    timeoutMs = 0,
  } = options;
  const order = shuffled(samples, random.fork('samples'));
  const inFlight = new Set<Promise<void>>();

  const send = async (sample: Sample) => {
    const { image, label } = sample;
    const sentAt = clock.now();
    try {
      const response = await client.infer({ image, timeoutMs });
      const correct = response.classification?.label === label;
      onAnswer({ response, correct, clientMs: clock.now() - sentAt }, sample);
    } catch (error) {
      onFailure(error, { sample, clientMs: clock.now() - sentAt });
    }
  };

  for await (const frame of arrivals({
    ...options.arrivals,
    clock,
    random: random.fork('arrivals'),
    signal,
  })) {
    if (inFlight.size >= maxInFlight) await Promise.race(inFlight);
    const sent = send(order[frame % order.length]!);
    inFlight.add(sent);
    void sent.then(() => inFlight.delete(sent));
  }
  await Promise.all(inFlight);
}

/** Fisher–Yates. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
