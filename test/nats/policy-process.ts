import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { killed } from './killed.ts';

const program = fileURLToPath(import.meta.resolve('@weir/policy-service/main'));

/** A policy that may be killed and started again under its address, or suspended. */
export interface PolicyProcess extends AsyncDisposable {
  readonly name: string;
  /** HOST:PORT. */
  readonly address: string;
  /** Undefined before its first start. */
  readonly pid: number | undefined;
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  suspend(): void;
  goOn(): void;
}

/** `servers`: HOST:PORT of each server of NATS. `flags`: further ones. */
export async function policyOver(
  servers: readonly string[],
  { name = 'policy', flags = [] }: { name?: string; flags?: readonly string[] } = {},
): Promise<PolicyProcess> {
  const address = `127.0.0.1:${await freePort()}`;
  let child: ChildProcess | undefined;
  const kill = () => killed(child);
  return {
    name,
    address,
    get pid() {
      return child?.pid;
    },
    async start() {
      const store = servers.map((server) => `nats://${server}`).join(',');
      const argv = [`--listen=${address}`, `--store=${store}`, '--log-level=error'];
      child = spawn(process.execPath, [program, ...argv, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`${name} ended with ${code}`);
      });
      ended.catch(() => {});
      await Promise.race([once(createInterface({ input: child.stdout! }), 'line'), ended]);
    },
    kill,
    suspend: () => void child?.kill('SIGSTOP'),
    goOn: () => void child?.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  };
}
