import { readdirSync, readFileSync } from 'node:fs';

/** ms. */
export interface ProcessorTime {
  readonly all: number;
  /** Without the threads that run models and decode pictures. */
  readonly own: number;
}

/** Processor time that processes have used so far. Throws where there is no Linux's /proc. */
export function processorTime(pids: readonly number[]): ProcessorTime {
  let [all, own] = [0, 0];
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const { ms, name } = ofThread(`/proc/${pid}/task/${thread}`);
      all += ms;
      if (!ofInference.has(name)) own += ms;
    }
  return { all, own };
}

/** As Node names the threads of node:worker_threads, and those that work for native modules. */
const ofInference: ReadonlySet<string> = new Set(['WorkerThread', 'libuv-worker']);

/** Source: proc_pid_schedstat; its first figure is the time on a processor, ns. `stat` has steps of 10 ms. */
function ofThread(folder: string): { ms: number; name: string } {
  try {
    const ns = Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]);
    return { ms: ns / 1e6, name: readFileSync(`${folder}/comm`, 'utf8').trim() };
  } catch {
    // It ended meanwhile.
    return { ms: 0, name: '' };
  }
}
