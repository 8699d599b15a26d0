import { type Footprint, footprintOf, nothingLeft, watch, type Watched } from './footprint.ts';
import { closedLoop, openLoop, type Target } from './open-loop.ts';
import { type Fact, percent, report } from './report.ts';
import type { Stage } from './stage.ts';

/** Most that a flood adds to a process for good, MB: what the heap may keep. */
export const mostLeftMb = 150;
/**
 * Least goodput of a flood, of the best. On a machine with other work it is a tenth, as ten times the load takes what
 * processor there is: the short form only tells it, and asks for half of the best afterwards.
 */
const leastGoodput = 0.9;
const leastAfterwards = 0.5;
/** Of 2 s each, until it is back: what a flood has taught of waiting fades within some 5 s. */
const mostTries = 8;
/** Frames that are in work at once where a target's best is measured. */
const loops = 4;

/** The most that a target answers in time, frames a second, once it is warm. */
export async function peakOf(target: Target, { seconds }: { seconds: number }): Promise<number> {
  await closedLoop(target, { loops, seconds: 1 });
  return closedLoop(target, { loops, seconds });
}

/** Ten times as much as a target can do: how much of its best is left, and what it costs for good. */
export async function overload(
  name: string,
  target: Target,
  { processes, stage: { long, random } }: { readonly processes: readonly Watched[]; readonly stage: Stage },
): Promise<void> {
  const peak = await peakOf(target, { seconds: long ? 10 : 2 });
  const before = processes.map(({ pid }) => footprintOf(pid()));
  const watching = watch(processes);
  const flood = await openLoop(target, { framesPerSecond: 10 * peak, seconds: long ? 50 : 4, random });
  const most = watching.stop().map((samples) => Math.max(...samples.map(({ rssMb }) => rssMb)));
  const kept = flood.inTimePerSecond / peak;
  const enough = (long ? leastGoodput : leastAfterwards) * peak;
  let [again, tries] = [0, 0];
  for (; again < enough && tries < mostTries; tries++)
    again = await closedLoop(target, { loops, seconds: 2 });
  const after: Footprint[] = processes.map(({ pid }) => footprintOf(pid()));
  const facts: Fact[] = [
    [`best ${peak.toFixed(0)} a second`, peak > 0],
    [
      `goodput ${percent(kept)} of it (${flood.sent} sent, ${flood.refused} refused, ${flood.held} held back)`,
      kept >= (long ? leastGoodput : 0),
    ],
    [`afterwards ${percent(again / peak)}, within ${2 * tries} s`, again >= enough],
    ...processes.map((process, at) =>
      nothingLeft(`${process.name} (at most ${most[at]!.toFixed(0)} MB)`, {
        before: before[at]!,
        after: after[at]!,
        mostMb: mostLeftMb,
      }),
    ),
  ];
  report(`overload of the ${name}, ten times its best`, facts);
  for (const [why, count] of Object.entries(flood.refusals)) console.log(`         ${count} ${why}`);
}
