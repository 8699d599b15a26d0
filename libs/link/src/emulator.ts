import { Internal, InvalidInput, Unavailable } from '@weir/base';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LinkChange, LinkOptions, LinkStats } from './link.ts';
import type { CutMode } from './relay.ts';
import type { AddedLink, EmulatorCommand, EmulatorReply } from './messages.ts';

/** A `Link` in another process. */
export interface RemoteLink extends AsyncDisposable {
  readonly address: string;
  set(change: LinkChange): Promise<void>;
  cut(mode?: CutMode): Promise<void>;
  restore(): Promise<void>;
  stats(): Promise<LinkStats>;
}

/** The process that hosts links; they end with it. Disposing ends it. */
export interface LinkEmulator extends AsyncDisposable {
  readonly pid: number;
  startLink(options: Omit<LinkOptions, 'clock'>): Promise<RemoteLink>;
  /** Resolves when the process has ended, with its exit code or the signal that killed it. */
  readonly exited: Promise<number | string>;
}

/** Starts a process that hosts links, with an event loop of its own. Requests reject with Unavailable once it has ended. */
export async function forkLinkEmulator(): Promise<LinkEmulator> {
  const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), {
    // Its own stdout would mix with the parent's results.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: [],
  });
  const ask = createRequester(child);
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  await once(child, 'spawn');
  return {
    pid: child.pid!,
    exited,
    async startLink(options) {
      const { link, address } = (await ask({ op: 'add', options })) as AddedLink;
      return {
        address,
        set: async (change) => void (await ask({ op: 'set', link, change })),
        cut: async (mode = 'reset') => void (await ask({ op: 'cut', link, mode })),
        restore: async () => void (await ask({ op: 'restore', link })),
        stats: async () => (await ask({ op: 'stats', link })) as LinkStats,
        // When the process has ended, so has the link.
        [Symbol.asyncDispose]: async () => {
          if (child.connected) await ask({ op: 'remove', link });
        },
      };
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

function createRequester(child: ChildProcess) {
  const pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  const ended = () => new Unavailable('the link emulator has ended');
  let last = 0;
  child.on('message', (message) => {
    const reply = message as EmulatorReply;
    const request = pending.get(reply.id);
    pending.delete(reply.id);
    if ('result' in reply) request?.resolve(reply.result);
    else request?.reject(reply.violations ? new InvalidInput(reply.violations) : new Internal(reply.error));
  });
  child.on('exit', () => {
    for (const { reject } of pending.values()) reject(ended());
    pending.clear();
  });
  return (command: EmulatorCommand) =>
    new Promise<unknown>((resolve, reject) => {
      if (!child.connected) return reject(ended());
      const id = ++last;
      pending.set(id, { resolve, reject });
      child.send({ ...command, id }, (error) => {
        if (!error) return;
        pending.delete(id);
        reject(ended());
      });
    });
}
