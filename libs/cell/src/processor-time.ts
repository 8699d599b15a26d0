import { readFileSync } from 'node:fs';
import type { RunningCell } from './cell.ts';

/** Processor time that processes of a cell have used so far, ms in steps of 10; undefined where there is no /proc. */
export function processorMs(
  cell: Pick<RunningCell, 'pid'>,
  processes: readonly string[],
): number | undefined {
  try {
    return processes.reduce((sum, name) => sum + ofProcess(cell.pid(name)!), 0);
  } catch {
    return undefined;
  }
}

/** Source: proc_pid_stat(5); user and system time, in hundredths of a second on every Linux that Node runs on. */
function ofProcess(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
