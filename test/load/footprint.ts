import { readdirSync, readFileSync } from 'node:fs';

/** What a process holds. */
export interface Footprint {
  readonly at: number;
  readonly rssMb: number;
  /** Open files and sockets. */
  readonly handles: number;
  readonly threads: number;
}

export function footprintOf(pid: number): Footprint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    at: performance.now(),
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** Growth of memory by least squares, MB a minute. */
export function slopeOf(samples: readonly Footprint[]): number {
  const n = samples.length;
  const minutes = samples.map(({ at }) => at / 60_000);
  const [meanAt, meanMb] = [
    minutes.reduce((sum, at) => sum + at, 0) / n,
    samples.reduce((sum, { rssMb }) => sum + rssMb, 0) / n,
  ];
  let [covariance, variance] = [0, 0];
  samples.forEach(({ rssMb }, at) => {
    covariance += (minutes[at]! - meanAt) * (rssMb - meanMb);
    variance += (minutes[at]! - meanAt) ** 2;
  });
  return covariance / variance;
}
