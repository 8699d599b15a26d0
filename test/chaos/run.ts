import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/*
 * `npm run test:chaos`: the command itself is main.ts. It mounts a disk, which nobody else is to see and which is to go when it
 * ends, however it ends: hence a mount namespace, of root or of a user who plays it. Where there is none, main.ts says so.
 */
const ways = [['--mount'], ['--map-root-user', '--mount']];
const way = ways.find(
  (flags) => spawnSync('unshare', [...flags, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0,
);
const command = [process.execPath, join(import.meta.dirname, 'main.ts'), ...process.argv.slice(2)];
const [program, ...argv] = way ? ['unshare', ...way, ...command] : command;
const child = spawn(program!, argv, { stdio: 'inherit' });
// Ctrl-C reaches the command itself, which then ends what it has started.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
const [code] = (await once(child, 'exit')) as [number | null];
process.exitCode = code ?? 1;
