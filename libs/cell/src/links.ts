import { type Logger, sleep } from '@weir/base';
import {
  type CutMode,
  type LinkChange,
  type LinkEmulator,
  type LinkStats,
  type RemoteLink,
  forkLinkEmulator,
} from '@weir/link';
import type { CellDescription } from './description.ts';
import type { ProcessEvent } from './supervised-process.ts';

/** The link of one device to one remote node; its conditions survive a crash of the emulator. */
export interface CellLink {
  readonly deviceId: string;
  readonly nodeId: string;
  /** Where the device connects instead of to the node. */
  readonly address: string;
  set(change: LinkChange): Promise<void>;
  cut(mode?: CutMode): Promise<void>;
  restore(): Promise<void>;
  stats(): Promise<LinkStats>;
}

export interface CellLinks extends AsyncDisposable {
  readonly all: readonly CellLink[];
  /** Restarts of the emulator. */
  readonly restarts: number;
  kill(signal: NodeJS.Signals): void;
}

interface KeptLink {
  readonly deviceId: string;
  readonly nodeId: string;
  readonly target: string;
  change: LinkChange;
  cut: CutMode | undefined;
  address: string;
  remote: RemoteLink;
}

/**
 * Starts a relay for each device and remote node, all in one process of their own. When that process dies, another
 * takes over at the same addresses and with the same conditions.
 * `nodeAddresses`: by node id.
 */
export async function startLinks(
  { devices, nodes, links: profiles }: CellDescription,
  {
    nodeAddresses,
    logger,
    onEvent,
  }: {
    nodeAddresses: ReadonlyMap<string, string>;
    logger: Logger;
    onEvent: (event: ProcessEvent) => void;
  },
): Promise<CellLinks> {
  const name = 'links';
  let stopping = false;
  let restarts = 0;
  let emulator = await forkLinkEmulator();
  const kept: KeptLink[] = [];
  await using starting = new AsyncDisposableStack();
  starting.use(emulator);
  for (const { id: deviceId, links } of devices) {
    for (const { id: nodeId, tier } of nodes) {
      const conditions = profiles[links][tier];
      const target = nodeAddresses.get(nodeId)!;
      const change = { up: conditions, down: conditions };
      const remote = await emulator.startLink({ target, ...change });
      kept.push({ deviceId, nodeId, target, change, cut: undefined, address: remote.address, remote });
    }
  }
  starting.move();
  void supervise(emulator);
  onEvent({ kind: 'ready', name, detail: `${kept.length} links` });

  async function supervise(running: LinkEmulator): Promise<void> {
    const how = await running.exited;
    if (stopping) return;
    logger.warn({ process: name, detail: how }, 'died');
    onEvent({ kind: 'died', name, detail: String(how) });
    try {
      emulator = await forkLinkEmulator();
      for (const link of kept) {
        link.remote = await emulator.startLink({ target: link.target, listen: link.address, ...link.change });
        if (link.cut) await link.remote.cut(link.cut);
      }
      restarts++;
      onEvent({ kind: 'restarted', name, detail: `${kept.length} links` });
    } catch (err) {
      logger.error({ process: name, err }, 'restart failed, will retry');
      onEvent({ kind: 'failed', name, detail: (err as Error).message });
      await emulator[Symbol.asyncDispose]();
      await sleep(1_000);
    }
    return supervise(emulator);
  }

  return {
    all: kept.map((link) => ({
      deviceId: link.deviceId,
      nodeId: link.nodeId,
      address: link.address,
      async set(change) {
        link.change = {
          up: { ...link.change.up, ...change.up },
          down: { ...link.change.down, ...change.down },
        };
        await link.remote.set(change);
      },
      async cut(mode = 'reset') {
        link.cut = mode;
        await link.remote.cut(mode);
      },
      async restore() {
        link.cut = undefined;
        await link.remote.restore();
      },
      stats: () => link.remote.stats(),
    })),
    get restarts() {
      return restarts;
    },
    kill: (signal) => void process.kill(emulator.pid, signal),
    async [Symbol.asyncDispose]() {
      stopping = true;
      await emulator[Symbol.asyncDispose]();
      onEvent({ kind: 'stopped', name, detail: 'exit code 0' });
    },
  };
}
