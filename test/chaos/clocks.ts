import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Wall clocks of the processes of a cell, each its own. */
export interface Clocks {
  /** Flags of Node for every process of the cell. */
  readonly execArgv: readonly string[];
  /** Sets a clock off by so much, or right again, ms; over restarts too. */
  set(process: string, offsetMs: number): void;
}

/** Processes that are started from now on look into this folder. */
export function jumpingClocks(folder: string): Clocks {
  mkdirSync(folder);
  process.env.CHAOS_CLOCKS = folder;
  return {
    execArgv: ['--import', pathToFileURL(join(import.meta.dirname, 'clock-hook.ts')).href],
    set(name, offsetMs) {
      const file = join(folder, name);
      if (offsetMs === 0) rmSync(file, { force: true });
      else writeFileSync(file, String(offsetMs));
    },
  };
}
