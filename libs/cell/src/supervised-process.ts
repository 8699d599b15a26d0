import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Cancelled, type Clock, type Logger, Unavailable } from '@weir/base';

/** A process to run: a Weir program that prints `{"service","address"}` on stdout once it serves. */
export interface ProcessSpec {
  /** Unique in its cell, e.g. `edge-1`. */
  readonly name: string;
  /** Path of the program's main.ts. */
  readonly main: string;
  /** Its arguments; `listen` is the address before the restart, `HOST:0` at the first start. */
  readonly argv: (listen: string) => readonly string[];
  /** Where it listens at first. @default 127.0.0.1:0 */
  readonly listen?: string;
  /** Flags of Node itself. @default none */
  readonly nodeFlags?: readonly string[];
}

/** What happened to a process. */
export interface ProcessEvent {
  /** `failed`: a restart failed; it will be retried. */
  readonly kind: 'ready' | 'died' | 'restarted' | 'failed' | 'stopped';
  readonly name: string;
  /** For people: exit code or signal, address. */
  readonly detail: string;
}

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Folder of the processes' logs: `NAME.log`, appended. */
  readonly logDir: string;
  readonly onEvent: (event: ProcessEvent) => void;
  /** Receives the process's IPC messages. */
  readonly onMessage?: ((message: unknown) => void) | undefined;
  /** More flags of Node itself. @default none */
  readonly execArgv?: readonly string[] | undefined;
  /** Cancels the first start. */
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the ready line, ms. @default 60_000 */
  readonly readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL, ms. @default 5_000 */
  readonly graceMs?: number;
}

const restartDelayMs = { first: 100, most: 5_000 };

/**
 * Keeps one process alive: restarts it at its old address, with back-off, when it dies. It has its own process
 * group, so that a Ctrl-C reaches the supervisor alone, and an IPC channel, so that it ends when the supervisor does.
 */
export class SupervisedProcess implements AsyncDisposable {
  readonly name: string;
  readonly #spec: ProcessSpec;
  readonly #options: SupervisorOptions;
  #child: ChildProcess | undefined;
  #address: string | undefined;
  #restarts = 0;
  #kept: object | undefined;
  #stopping = false;
  #cancelRestart = () => {};

  private constructor(spec: ProcessSpec, options: SupervisorOptions) {
    this.name = spec.name;
    this.#spec = spec;
    this.#options = options;
  }

  /** Starts a process and waits until it serves. Throws Unavailable with the last lines of its log when it does not. */
  static async start(spec: ProcessSpec, options: SupervisorOptions): Promise<SupervisedProcess> {
    const supervised = new SupervisedProcess(spec, options);
    try {
      await supervised.#run(options.signal);
    } catch (error) {
      await supervised[Symbol.asyncDispose]();
      throw error;
    }
    options.onEvent({ kind: 'ready', name: spec.name, detail: supervised.address });
    return supervised;
  }

  /** HOST:PORT; the same over restarts. */
  get address(): string {
    return this.#address!;
  }

  /** How often it was restarted. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Undefined while it is down. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get logFile(): string {
    return `${this.#options.logDir}/${this.name}.log`;
  }

  /** Sends a signal, for chaos tests; a process that it kills is restarted. */
  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Sends the process a message if it is up. `keep`: again after every restart. */
  tell(message: object, { keep = false } = {}): void {
    if (keep) this.#kept = message;
    // If it dies meanwhile, a message to keep is sent again after the restart.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  /** SIGTERM, a bounded grace, then SIGKILL. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart();
    const child = this.#child;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const cancel = this.#options.clock.after(this.#options.graceMs ?? 5_000, () => {
      this.#options.logger.warn({ process: this.name }, 'did not drain in time, killed');
      child.kill('SIGKILL');
    });
    await ended;
    cancel();
    this.#options.onEvent({ kind: 'stopped', name: this.name, detail: howItEnded(child) });
  }

  async #run(signal?: AbortSignal): Promise<void> {
    const log = openSync(this.logFile, 'a');
    const child = fork(
      this.#spec.main,
      this.#spec.argv(this.#address ?? this.#spec.listen ?? '127.0.0.1:0'),
      {
        stdio: ['ignore', 'pipe', log, 'ipc'],
        detached: true,
        execArgv: [...(this.#spec.nodeFlags ?? []), ...(this.#options.execArgv ?? [])],
        env: environment(),
      },
    );
    closeSync(log);
    this.#child = child;
    if (this.#options.onMessage) child.on('message', this.#options.onMessage);
    let ready = false;
    child.once('exit', () => {
      this.#child = undefined;
      if (ready && !this.#stopping) this.#died(child);
    });
    try {
      this.#address = await this.#ready(child, signal);
      ready = true;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async #ready(child: ChildProcess, signal?: AbortSignal): Promise<string> {
    const { clock, readyTimeoutMs = 60_000 } = this.#options;
    const failed = (why: string) =>
      new Unavailable(`${this.name} did not start: ${why}\n${this.#lastLines()}`.trimEnd());
    return new Promise<string>((resolve, reject) => {
      const cancelTimeout = clock.after(readyTimeoutMs, () =>
        reject(failed(`silent for ${readyTimeoutMs} ms`)),
      );
      const giveUp = () => reject(new Cancelled(`${this.name} was stopped while starting`));
      const cancel = () => {
        cancelTimeout();
        signal?.removeEventListener('abort', giveUp);
      };
      if (signal?.aborted) giveUp();
      signal?.addEventListener('abort', giveUp, { once: true });
      child.once('error', (error) => {
        if (child.pid === undefined) this.#child = undefined;
        reject(failed(error.message));
      });
      child.once('exit', () => {
        cancel();
        reject(failed(howItEnded(child)));
      });
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const address = addressIn(line);
        if (address === undefined) return;
        cancel();
        resolve(address);
      });
    });
  }

  #died(child: ChildProcess): void {
    const detail = howItEnded(child);
    this.#options.logger.warn({ process: this.name, detail }, 'died');
    this.#options.onEvent({ kind: 'died', name: this.name, detail });
    this.#restartAfter(restartDelayMs.first);
  }

  #restartAfter(delayMs: number): void {
    this.#cancelRestart = this.#options.clock.after(delayMs, () => {
      this.#run().then(
        () => {
          this.#restarts++;
          if (this.#kept) this.tell(this.#kept);
          this.#options.onEvent({ kind: 'restarted', name: this.name, detail: this.address });
        },
        (error: unknown) => {
          if (this.#stopping) return;
          this.#options.logger.error({ process: this.name, err: error }, 'restart failed, will retry');
          this.#options.onEvent({ kind: 'failed', name: this.name, detail: (error as Error).message });
          this.#restartAfter(Math.min(restartDelayMs.most, delayMs * 2));
        },
      );
    });
  }

  #lastLines(count = 8): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-count);
    return lines.map((line) => `  ${line}`).join('\n');
  }
}

/**
 * Drops Weir's own variables: they configure this program; its children get flags. Has glibc give large blocks back to
 * the system at once: 14 MB less of a process that runs all models.
 */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR_'));
  return { MALLOC_MMAP_THRESHOLD_: '131072', ...Object.fromEntries(kept) };
}

function addressIn(line: string): string | undefined {
  try {
    const { address } = JSON.parse(line) as { address?: unknown };
    return typeof address === 'string' ? address : undefined;
  } catch {
    return undefined;
  }
}

const howItEnded = (child: ChildProcess) =>
  child.signalCode ? `killed by ${child.signalCode}` : `exit code ${child.exitCode}`;
