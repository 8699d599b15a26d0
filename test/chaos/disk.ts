import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A small disk of its own for the state of PolicyService. */
export interface Disk extends Disposable {
  readonly folder: string;
  fill(): void;
  empty(): void;
  /** False while a process has a file of it open for writing. */
  setWritable(writable: boolean): boolean;
}

const megabytes = 24;

/** `missing`: why there can be none here. */
export function mountDisk(folder: string): Disk | { readonly missing: string } {
  mkdirSync(folder);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (mounted.status !== 0) return { missing: (mounted.error?.message ?? mounted.stderr).trim() };
  const filling = join(folder, 'filling');
  return {
    folder,
    fill() {
      for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 4))
        try {
          for (;;) appendFileSync(filling, Buffer.alloc(bytes));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
    },
    empty: () => rmSync(filling, { force: true }),
    setWritable: (writable) =>
      spawnSync('mount', ['-o', `remount,${writable ? 'rw' : 'ro'}`, folder]).status === 0,
    [Symbol.dispose]: () => void spawnSync('umount', ['--lazy', folder]),
  };
}
