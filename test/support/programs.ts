import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Programs that run until disposed: each started with its arguments, ended by SIGTERM. */
export interface Programs extends AsyncDisposable {
  /** Starts one and waits for the line that tells where it serves. */
  start(
    command: readonly string[],
    options?: { env?: Record<string, string>; cwd?: string },
  ): Promise<Started>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly address: string;
  readonly metrics?: string;
}

export function programs(): Programs {
  const children: ChildProcess[] = [];
  return {
    async start([program, ...argv], { env = {}, cwd } = {}) {
      const child = spawn(program!, argv, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
        ...(cwd && { cwd }),
      });
      children.push(child);
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
      const ended = once(child, 'close').then(([code]) => {
        throw new Error(`${[program, ...argv].join(' ')} ended with ${code}:\n${stderr}`);
      });
      ended.catch(() => {});
      const [told] = await Promise.race([line, ended]);
      return { child, ...(JSON.parse(told) as { address: string; metrics?: string }) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const exited = once(child, 'exit');
          child.kill('SIGTERM');
          await exited;
        }),
      );
    },
  };
}
