import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Gives the calling thread, and those that it starts from now on, the lowest priority of the operating system. Linux alone
 * has one for each thread; elsewhere, and where a sandbox forbids it, nothing changes.
 */
export function takeLowestPriority(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // It then shares the processors as any other thread.
  }
}
