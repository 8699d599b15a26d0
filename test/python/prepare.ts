import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The Python of a folder's virtual environment. */
export const pythonOf = (folder: string): string => join(folder, '.venv/bin/python');

/** The Python with what Weir's own client needs. */
export const python = pythonOf(import.meta.dirname);

/**
 * Brings a folder's virtual environment up to its requirements.txt; says what is missing, and how to get it, when it cannot.
 * @default folder that of Weir's own client
 */
export function preparePython(
  folder: string = import.meta.dirname,
  whose = 'The Python client',
): string | undefined {
  const run = (command: string, args: string[]) =>
    spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
  if (!run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']))
    return `${whose} needs python3, 3.10 or newer: apt-get install python3 python3-venv`;
  const venv = join(folder, '.venv');
  const python = pythonOf(folder);
  if (!existsSync(python) && !run('python3', ['-m', 'venv', venv])) {
    rmSync(venv, { recursive: true, force: true });
    return `${whose} needs the venv module: apt-get install python3-venv`;
  }
  const requirements = join(folder, 'requirements.txt');
  if (!run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]))
    return `pip could not install ${requirements}: it needs PyPI or a mirror of it`;
  return undefined;
}
