import { readdirSync, readFileSync } from 'node:fs';
import type { Fact } from './report.ts';

/** What a process holds. */
export interface Footprint {
  readonly rssMb: number;
  /** Open files and sockets. */
  readonly handles: number;
}

/** A process, by its id now: it may be another one after a restart. */
export interface Watched {
  readonly name: string;
  readonly pid: () => number;
}

/** How many handles more than before may be left: a log that is rotated, a connection that is being renewed. */
const spareHandles = 3;

export function footprintOf(pid: number): Footprint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** Looks at processes four times a second, or as often as makes some thousands of looks in `seconds`. */
export function watch(
  processes: readonly Watched[],
  { seconds = 0 }: { seconds?: number } = {},
): { stop: () => readonly (readonly Footprint[])[] } {
  const samples = processes.map((): Footprint[] => []);
  const look = () => processes.forEach(({ pid }, at) => samples[at]!.push(footprintOf(pid())));
  look();
  const timer = setInterval(look, Math.max(250, seconds / 4));
  return {
    stop() {
      clearInterval(timer);
      look();
      return samples;
    },
  };
}

/** That a process holds nothing more once something is over. `mostMb`: what its heap may keep. */
export function nothingLeft(
  name: string,
  { before, after, mostMb }: { before: Footprint; after: Footprint; mostMb: number },
): Fact {
  return [
    `${name} ${before.rssMb.toFixed(0)} → ${after.rssMb.toFixed(0)} MB, ${before.handles} → ${after.handles} handles`,
    after.rssMb - before.rssMb <= mostMb && after.handles - before.handles <= spareHandles,
  ];
}

/** That a process holds no more at the end of a soak, by `mostMb`: at its least in the last third than at its most in the first half. */
export function flat(name: string, samples: readonly Footprint[], mostMb: (before: number) => number): Fact {
  const [half, third] = [Math.ceil(samples.length / 2), Math.floor((2 * samples.length) / 3)];
  const most = Math.max(...samples.slice(0, half).map(({ rssMb }) => rssMb));
  const least = Math.min(...samples.slice(third).map(({ rssMb }) => rssMb));
  const [before, after] = [samples[half]!, samples.at(-1)!];
  return [
    `${name} ${most.toFixed(0)} MB at most in the first half, ${least.toFixed(0)} at least in the last third, ${before.handles} → ${after.handles} handles`,
    least <= most + mostMb(most) && after.handles - before.handles <= spareHandles,
  ];
}
