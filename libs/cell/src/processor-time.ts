import { readdirSync, readFileSync } from 'node:fs';

/** ms. */
export interface ProcessorTime {
  readonly all: number;
  /** Of the main threads: without those that run models, decode pictures, compile or help to collect garbage. */
  readonly main: number;
}

/**
 * Processor time that the living threads of processes have used so far. It falls when a thread ends; a difference of two
 * readings wants a `processorMeter`. Throws where there is no Linux's /proc.
 */
export const processorTime = (pids: readonly number[]): ProcessorTime => processorMeter(pids)();

/** Readings that never fall: what a thread had used when it was last seen counts on after its end. */
export function processorMeter(pids: readonly number[]): () => ProcessorTime {
  const seen = new Map<string, { ms: number; main: boolean }>();
  return () => {
    for (const pid of pids)
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const folder = `/proc/${pid}/task/${thread}`;
        const ms = ofThread(folder);
        if (ms !== undefined) seen.set(folder, { ms, main: Number(thread) === pid });
      }
    let [all, main] = [0, 0];
    for (const thread of seen.values()) {
      all += thread.ms;
      if (thread.main) main += thread.ms;
    }
    return { all, main };
  };
}

/** Source: proc_pid_schedstat; its first figure is the time on a processor, ns. `stat` has steps of 10 ms. */
function ofThread(folder: string): number | undefined {
  try {
    const ns = Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]);
    return ns / 1e6;
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
