import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** SIGKILL; resolves when it is gone. */
export async function killed(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
