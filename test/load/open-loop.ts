import { type Random, WeirError } from '@weir/base';

/** What came of the frames of one phase. */
export interface Outcome {
  readonly sent: number;
  /** Answered within the patience of whoever asked, a second: the goodput. */
  readonly inTimePerSecond: number;
  readonly inTime: number;
  readonly refused: number;
  /** Those, by gRPC status and reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Frames that were not sent, because too many were without an answer. */
  readonly held: number;
}

export interface Target {
  /** Rejects when there is no answer. */
  readonly infer: (timeoutMs: number) => Promise<unknown>;
}

/** How long a caller waits for an answer, ms. */
const usualPatienceMs = 250;
/** Most frames without an answer: what a caller has of memory is bounded too. */
const mostUnanswered = 2_000;

/** Frames as they come, whatever becomes of those before: Poisson arrivals at so many a second, until the time or `signal` ends them. */
export async function openLoop(
  target: Target,
  {
    framesPerSecond,
    seconds = Infinity,
    signal,
    patienceMs = usualPatienceMs,
    random,
  }: {
    framesPerSecond: number;
    seconds?: number;
    signal?: AbortSignal;
    patienceMs?: number;
    random: Random;
  },
): Promise<Outcome> {
  const until = performance.now() + 1_000 * seconds;
  const from = performance.now();
  let [sent, inTime, refused, held, open] = [0, 0, 0, 0, 0];
  const refusals: Record<string, number> = {};
  let next = from;
  while (performance.now() < until && !signal?.aborted) {
    for (; next <= performance.now(); next += random.exponential(1_000 / framesPerSecond)) {
      if (open >= mostUnanswered) {
        held++;
        continue;
      }
      open++;
      sent++;
      const at = performance.now();
      target
        .infer(patienceMs)
        .then(
          () => (inTime += performance.now() - at <= patienceMs ? 1 : 0),
          (error: unknown) => {
            refused++;
            const why = error instanceof WeirError ? `${error.status} ${error.reason}` : String(error);
            refusals[why] = (refusals[why] ?? 0) + 1;
          },
        )
        .finally(() => open--);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const elapsedMs = performance.now() - from;
  const answered = inTime;
  for (let wait = 0; open > 0 && wait < 200; wait++) await new Promise((resolve) => setTimeout(resolve, 50));
  if (open > 0) throw new Error(`${open} frames were never answered nor refused`);
  return { sent, inTimePerSecond: (1_000 * answered) / elapsedMs, inTime, refused, refusals, held };
}

/** Frames one after the other in so many loops: the most that a target answers in time. */
export async function closedLoop(
  target: Target,
  { loops, seconds }: { loops: number; seconds: number },
): Promise<number> {
  const from = performance.now();
  let inTime = 0;
  const loop = async () => {
    while (performance.now() - from < 1_000 * seconds) {
      const at = performance.now();
      const answered = await target.infer(usualPatienceMs).then(
        () => true,
        () => false,
      );
      if (answered && performance.now() - at <= usualPatienceMs) inTime++;
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
  return (1_000 * inTime) / (performance.now() - from);
}
