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

/**
 * One device's application: sends frames as they arrive and resolves with the last answer. What `onAnswer` or `onFailure`
 * throws is no failure of an inference: nothing more is sent, and it is thrown.
 */
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
  const broken = new AbortController();

  const send = async (sample: Sample) => {
    const { image, label } = sample;
    const sentAt = clock.now();
    const tell = await client.infer({ image, timeoutMs }).then(
      (response) => {
        const correct = response.classification?.label === label;
        const answer = { response, correct, clientMs: clock.now() - sentAt };
        return () => onAnswer(answer, sample);
      },
      (error: unknown) => {
        const clientMs = clock.now() - sentAt;
        return () => onFailure(error, { sample, clientMs });
      },
    );
    try {
      if (!broken.signal.aborted) tell();
    } catch (error) {
      broken.abort(error);
    }
  };

  for await (const frame of arrivals({
    ...options.arrivals,
    clock,
    random: random.fork('arrivals'),
    signal: AbortSignal.any([signal, broken.signal]),
  })) {
    if (inFlight.size >= maxInFlight) await Promise.race(inFlight);
    if (broken.signal.aborted) break;
    const sent = send(order[frame % order.length]!);
    inFlight.add(sent);
    void sent.then(() => inFlight.delete(sent));
  }
  await Promise.all(inFlight);
  broken.signal.throwIfAborted();
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
