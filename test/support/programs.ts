import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './document.ts';

/** Programs that run until disposed: each started with its arguments, ended by SIGTERM. */
export interface Programs extends AsyncDisposable {
  /** Starts one and waits for the line that tells where it serves. */
  start(
    command: readonly string[],
    options?: { env?: Record<string, string>; cwd?: string },
  ): Promise<Started>;
  /** Starts a service from its sources, e.g. `policy-service`; it logs warnings. */
  service(app: string, ...flags: string[]): Promise<Started>;
  /** What they have logged so far, line by line. */
  readonly logs: readonly string[];
}

export interface Started {
  readonly child: ChildProcess;
  readonly address: string;
  readonly metrics?: string;
}

export function programs(): Programs {
  const children: ChildProcess[] = [];
  const logs: string[] = [];
  const start: Programs['start'] = async ([program, ...argv], { env = {}, cwd } = {}) => {
    const child = spawn(program!, argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd && { cwd }),
    });
    children.push(child);
    const own: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      own.push(line);
      logs.push(line);
    });
    const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
    const ended = once(child, 'close').then(([code]) => {
      throw new Error(`${[program, ...argv].join(' ')} ended with ${code}:\n${own.join('\n')}`);
    });
    ended.catch(() => {});
    const [told] = await Promise.race([line, ended]);
    return { child, ...(JSON.parse(told) as { address: string; metrics?: string }) };
  };
  return {
    start,
    service: (app, ...flags) =>
      start([process.execPath, join(root, 'apps', app, 'src/main.ts'), '--log-level=warn', ...flags]),
    logs,
    async [Symbol.asyncDispose]() {
      await Promise.all(children.map((child) => endProgram(child, 'SIGTERM')));
    },
  };
}

/** Resolves when it has ended, at once where it has already. */
export async function endProgram(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
