import { silentLogger } from '@weir/base';
import { type CellDescription, describeCell, type RunningCell, startCell } from '@weir/cell';
import { type LinkConditions, startLink } from '@weir/link';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clocks, jumpingClocks } from './clocks.ts';
import { type Disk, mountDisk } from './disk.ts';
import type { WireEvent } from './history.ts';
import { type WatchedPolicy, watchPolicy } from './watched-policy.ts';

/** A link that can be made worse. */
export interface BreakableLink {
  readonly name: string;
  cut(mode: 'reset' | 'blackhole'): Promise<void> | void;
  restore(): Promise<void> | void;
  set(conditions: LinkConditions): Promise<void> | void;
  /** As described. */
  readonly usual: LinkConditions;
}

/** A cell of real processes of which everything can be broken. */
export interface LivingCell extends AsyncDisposable {
  readonly cell: RunningCell;
  /** Names of all processes; these and the links are in one order in every run. */
  readonly processes: readonly string[];
  /** From each device to each node, and to PolicyService. */
  readonly links: readonly BreakableLink[];
  readonly clocks: Clocks;
  /** Where the state of PolicyService lies. */
  readonly disk: Disk | { readonly missing: string };
  readonly stateDir: string;
}

/** Three devices whose best places are three different tiers, each by far; and each can do all of its frames by itself. */
export const describeLivingCell = (seed: number): CellDescription =>
  describeCell({
    seed,
    objective: { accuracyFloor: 0.85 },
    nodes: [
      { id: 'edge-1', tier: 'edge', slots: 2, dilationFactor: 100 },
      { id: 'cloud-1', tier: 'cloud', slots: 2, dilationFactor: 50 },
    ],
    devices: [
      { id: 'near-the-edge', dilationFactor: 600 },
      { id: 'near-the-cloud', dilationFactor: 600, links: 'weak' },
      { id: 'quick-itself', dilationFactor: 40 },
    ],
    links: {
      regular: {
        edge: { delayMs: 5, bitsPerSecond: 50e6 },
        cloud: { delayMs: 60, bitsPerSecond: 50e6 },
      },
      weak: {
        edge: { delayMs: 200, bitsPerSecond: 50e6 },
        cloud: { delayMs: 15, bitsPerSecond: 50e6 },
      },
    },
  });

export async function startLivingCell(
  description: CellDescription,
  {
    logDir,
    onWireEvent,
    signal,
  }: {
    logDir: string | undefined;
    onWireEvent: (event: WireEvent) => void;
    signal: AbortSignal;
  },
): Promise<LivingCell> {
  await using starting = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'weir-chaos-'));
  starting.defer(() => rmSync(folder, { recursive: true, force: true }));
  const disk = mountDisk(join(folder, 'disk'));
  if ('folder' in disk) starting.use(disk);
  const stateDir = join(folder, 'disk', 'state');
  mkdirSync(stateDir);
  const clocks = jumpingClocks(join(folder, 'clocks'));

  const links: BreakableLink[] = [];
  let watched: Promise<WatchedPolicy> | undefined;
  const routeToPolicy = async (deviceId: string, address: string): Promise<string> => {
    watched ??= watchPolicy(address, onWireEvent).then((started) => starting.use(started));
    const link = starting.use(await startLink({ target: (await watched).address }));
    const set = (both: LinkConditions) => link.set({ up: both, down: both });
    const usual = { delayMs: 0, bitsPerSecond: Infinity };
    links.push({ name: `${deviceId}-policy`, cut: link.cut, restore: link.restore, set, usual });
    return link.address;
  };
  const options = { stateDir, logDir, signal, execArgv: clocks.execArgv, routeToPolicy };
  const cell = starting.use(await startCell(description, { logger: silentLogger, ...options }));
  for (const { deviceId, nodeId, cut, restore, set } of cell.links) {
    const device = description.devices.find(({ id }) => id === deviceId)!;
    const node = description.nodes.find(({ id }) => id === nodeId)!;
    links.push({
      name: `${deviceId}-${nodeId}`,
      cut,
      restore,
      set: (both) => set({ up: both, down: both }),
      usual: description.links[device.links][node.tier],
    });
  }
  const running = starting.move();
  return {
    ...{ cell, clocks, disk, stateDir },
    processes: cell.processes.toSorted(),
    links: links.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
