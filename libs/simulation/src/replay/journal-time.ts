import { pictureModel } from '../arrivals/pictures.ts';
import type { GivenArrivals } from '../arrivals/run.ts';
import type { LoggedFrame } from './logged-frames.ts';
import type { ReplayCell } from './replay-cell.ts';

/** The first seconds are a learner's first: they count nowhere. Of a short journal, its first sixth. */
const WARMUP_MS = 10_000;
/** The run begins with a second in which agents calibrate. */
const START_MS = 1_000;
/** Longer pauses between frames are cut to this: nothing happens in them. */
const LONGEST_PAUSE_MS = 10_000;
/** Frames this near depend on each other. Of a short journal, a twelfth. */
const BLOCK_MS = 10_000;

/** In virtual time, from its start on, and without long pauses. */
export function inVirtualTime(frames: readonly LoggedFrame[]): LoggedFrame[] {
  let before = frames[0]?.cameAt ?? 0;
  let now = START_MS;
  return frames.map((frame) => {
    now += Math.min(frame.cameAt - before, LONGEST_PAUSE_MS);
    before = frame.cameAt;
    return { ...frame, cameAt: now };
  });
}

/** Of a journal in virtual time, from which frame on it counts. */
export function countsFromMs(journal: readonly LoggedFrame[]): number {
  const spanMs = (journal.at(-1)?.cameAt ?? START_MS) - START_MS;
  return START_MS + Math.min(WARMUP_MS, spanMs / 6);
}

/** When each device's frames come, and how certain their pictures are. */
export function arrivalsOf(frames: readonly LoggedFrame[], { variants, looks }: ReplayCell): GivenArrivals {
  const pictures = pictureModel(variants, looks);
  const arrivals = Map.groupBy(frames, ({ deviceId }) => deviceId);
  return new Map(
    [...arrivals].map(([deviceId, own]) => [
      deviceId,
      own.map(({ cameAt, margin, looks: [first] }) => {
        const certainty = pictures.certaintyAt(first!.placement.variant, margin);
        return { atMs: cameAt, ...(certainty !== undefined && { certainty }) };
      }),
    ]),
  );
}

/** By the time of their arrival; equally long. */
export function blocksOf(frames: readonly LoggedFrame[]): LoggedFrame[][] {
  const [from, to] = [frames[0]?.cameAt ?? 0, frames.at(-1)?.cameAt ?? 0];
  const count = Math.max(12, Math.floor((to - from) / BLOCK_MS));
  const blocks = Map.groupBy(frames, ({ cameAt }) =>
    Math.min(count - 1, Math.floor((count * (cameAt - from)) / (to - from))),
  );
  return [...blocks.values()];
}
