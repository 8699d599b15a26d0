import type { Clock, Random } from '@weir/base';
import type { agent, common } from '@weir/proto';
import type { AgentClient, FrameInput } from './agent-client.ts';
import { type Arrivals, arrivals } from './arrivals.ts';
import type { Answer } from './tally.ts';

/** A picture with its known label. */
export interface Picture {
  readonly file: string;
  readonly image: Uint8Array;
  readonly label: string;
}

/** Inputs of a model that is no classifier; nobody knows the right answer. */
export interface TensorSample {
  readonly file: string;
  readonly tensors: readonly common.NamedTensor[];
  readonly label?: undefined;
}

/** What a frame is about. */
export type Sample = Picture | TensorSample;

export interface DriveOptions<Shown extends Sample = Sample> {
  readonly client: AgentClient;
  /** Shown in random order, over and over. */
  readonly samples: readonly Shown[];
  readonly arrivals: Pick<Arrivals, 'pattern' | 'rate' | 'frames'>;
  /** Time budget of each frame, ms. @default the objective's deadline */
  readonly timeoutMs?: number | undefined;
  /** Frames in flight at once; further arrivals wait. @default 32 */
  readonly maxInFlight?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: Answer, sample: Shown) => void;
  /** `clientMs`: until it failed. */
  readonly onFailure: (error: unknown, frame: { readonly sample: Shown; readonly clientMs: number }) => void;
}

/**
 * One device's application: sends frames as they arrive and resolves with the last answer. What `onAnswer` or `onFailure`
 * throws is no failure of an inference: nothing more is sent, and it is thrown.
 */
export async function drive<Shown extends Sample>(options: DriveOptions<Shown>): Promise<void> {
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

  const send = async (sample: Shown) => {
    const sentAt = clock.now();
    const tell = await client.infer({ ...inputOf(sample), timeoutMs }).then(
      (response) => {
        const answer = { response, correct: isCorrect(response, sample), clientMs: clock.now() - sentAt };
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

/** What an agent is asked. */
export const inputOf = (sample: Sample): FrameInput =>
  'tensors' in sample ? { tensors: sample.tensors } : { image: sample.image };

/** Undefined where nobody knows. */
export const isCorrect = (
  { classification }: Pick<agent.InferResponse, 'classification'>,
  { label }: Sample,
): boolean | undefined => (label === undefined ? undefined : classification?.label === label);

/** Fisher–Yates. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
