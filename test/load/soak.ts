import { flat, watch } from './footprint.ts';
import { openLoop } from './open-loop.ts';
import { mostLeftMb, peakOf } from './overload.ts';
import { percent, report } from './report.ts';
import type { Stage } from './stage.ts';

/** Least share of the frames in time. */
const leastServed = 0.9;
/**
 * Most that memory grows by, MB: a twentieth of what it is. A worker's heap grows by some 150 MB before it is collected, for which ten
 * minutes are too short where frames are few: until then that much is no leak.
 */
const mostMb = (minutes: number) => (before: number) => (minutes >= 30 ? 0.05 * before : mostLeftMb);

/** Half of what the cell can do, for long: whether anything grows. */
export async function soak(stage: Stage, { minutes }: { minutes: number }): Promise<void> {
  const { agent, random, long } = stage;
  const processes = Object.values(stage.processes);
  const seconds = 60 * minutes;
  const peak = await peakOf(agent, { seconds: long ? 10 : 2 });
  const watching = watch(processes, { seconds });
  const { inTime, sent } = await openLoop(agent, { framesPerSecond: peak / 2, seconds, random });
  const samples = watching.stop();
  const served = inTime / sent;
  report(`half load for ${+minutes.toFixed(2)} minutes`, [
    [`${percent(served)} of ${sent} frames in time`, served >= leastServed],
    ...processes.map(({ name }, at) => flat(name, samples[at]!, mostMb(minutes))),
  ]);
}
