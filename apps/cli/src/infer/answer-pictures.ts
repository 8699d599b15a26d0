import { InvalidInput } from '@weir/base';
import type { AgentClient } from '@weir/cell';
import type { agent } from '@weir/proto';
import { reasonName } from '@weir/wire';
import { readFile } from 'node:fs/promises';
import type { CommandContext } from '../command.ts';
import { describeLook, describePlacement } from '../look-text.ts';

/** Pictures in memory and under way at once: fewer than an agent takes, so that it can serve others too. */
export const maxInFlight = 32;

export interface PicturesOptions extends Pick<CommandContext, 'progress' | 'signal'> {
  /** Time for each picture, ms. */
  readonly timeoutMs: number;
  /** @default from the disk */
  readonly read?: ((file: string, options: { signal: AbortSignal }) => Promise<Uint8Array>) | undefined;
}

/** What came of a picture: what it shows, or why there is no answer. */
export type PictureResult = Answered | Failed;
type Answered = { readonly file: string } & ReturnType<typeof describe>;
interface Failed extends Partial<Pick<InvalidInput, 'violations'>> {
  readonly file: string;
  readonly error: string;
}

export interface PictureResults {
  /** In the order of the files; fewer once `signal` has aborted. */
  readonly results: readonly PictureResult[];
  /** How many of them could not even be read. */
  readonly unreadable: number;
}

/** Reads each picture when its turn to be sent has come. One that fails, fails alone. */
export async function answerPictures(
  client: Pick<AgentClient, 'infer'>,
  files: readonly string[],
  { timeoutMs, read = readFile, progress, signal }: PicturesOptions,
): Promise<PictureResults> {
  const results: PictureResult[] = [];
  const left = files.entries();
  let unreadable = 0;
  let done = 0;

  const answer = async (file: string): Promise<PictureResult> => {
    let image: Uint8Array;
    try {
      image = await read(file, { signal });
    } catch (error) {
      unreadable++;
      return failed(file, error);
    }
    try {
      return { file, ...describe(await client.infer({ image, timeoutMs })) };
    } catch (error) {
      return failed(file, error);
    }
  };
  const inTurn = async () => {
    for (const [index, file] of left) {
      if (signal.aborted) return;
      results[index] = await answer(file);
      done++;
      if (done % 100 === 0 && done < files.length) progress(`${done} of ${files.length} pictures`);
    }
  };
  await Promise.all(Array.from({ length: maxInFlight }, inTurn));
  return { results, unreadable };
}

function failed(file: string, error: unknown): Failed {
  const violations = error instanceof InvalidInput ? { violations: error.violations } : {};
  return { file, error: error instanceof Error ? error.message : String(error), ...violations };
}

function describe(response: agent.InferResponse) {
  const { classification, placement, hops, decision } = response;
  return {
    label: classification?.label ?? '',
    confidence: classification?.confidence ?? 0,
    placement: describePlacement(placement),
    reason: reasonName(decision?.reason),
    responseMs: response.responseMs,
    hopsMs: { ...hops },
    expectedAccuracy: response.expectedAccuracy,
    energyJ: response.energyJ,
    traceparent: response.trace?.traceparent ?? '',
    looks: response.looks.map(describeLook),
    lookAgainBelow: decision?.lookAgainBelow ?? 0,
  };
}
