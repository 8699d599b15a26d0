import { readdirSync, readFileSync } from 'node:fs';

/** ms. */
export interface ProcessorTime {
  readonly all: number;
  /** Of the main threads: without those that run models, decode pictures, compile or help to collect garbage. */
  readonly main: number;
}

/** Processor time that processes have used so far. Throws where there is no Linux's /proc. */
export function processorTime(pids: readonly number[]): ProcessorTime {
  let [all, main] = [0, 0];
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const ms = ofThread(`/proc/${pid}/task/${thread}`);
      all += ms;
      if (Number(thread) === pid) main += ms;
    }
  return { all, main };
}

/** Source: proc_pid_schedstat; its first figure is the time on a processor, ns. `stat` has steps of 10 ms. */
function ofThread(folder: string): number {
  try {
    const ns = Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]);
    return ns / 1e6;
  } catch {
    // The process has ended meanwhile.
    return 0;
  }
}
