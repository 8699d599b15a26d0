import { readdirSync, readFileSync } from 'node:fs';

/** Processor time that processes have used so far with all their threads, ms. Throws where there is no Linux's /proc. */
export function processorMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ofProcess(pid), 0);
}

/** Source: proc_pid_schedstat; the first figure of a thread is its time on a processor, ns. `stat` has steps of 10 ms. */
function ofProcess(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + ofThread(`/proc/${pid}/task/${thread}/schedstat`), 0) / 1e6;
}

function ofThread(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]);
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

/** Children of this process whose command line holds `text`. */
export function childrenNamed(text: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        const parent = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1];
        return (
          Number(parent) === process.pid && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(text)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}
