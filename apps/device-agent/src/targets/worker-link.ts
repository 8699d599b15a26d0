import { type Clock, type Logger, type Random, WeirError } from '@weir/base';
import { worker } from '@weir/proto';
import { callUnary, connect, type NodeIdentity, openDuplex, type PeerFaults } from '@weir/rpc';
import { type Listing, listingFromWire, type TargetAddress } from '@weir/wire';
import type { CellView } from './cell-view.ts';
import type { Config } from '../config.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import { RemoteTarget } from './remote-target.ts';
import { securityOf } from '../security.ts';

export interface WorkerLinkOptions {
  readonly config: Config;
  readonly view: CellView;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: AgentMetrics;
  readonly faults: PeerFaults;
  /** Whose certificate the worker must show. @default anybody's that holds its address */
  readonly node?: NodeIdentity;
  /** The target became reachable, or ceased to be. */
  readonly onChange: () => void;
}

export interface WorkerLink extends AsyncDisposable {
  readonly target: RemoteTarget;
  /** Takes it out of the device's view of the cell: no new frames go there. */
  leave(): void;
}

/** Connects one worker, adds it to the device's view of the cell, and asks each of its runs for what it serves. */
export function linkWorker({ nodeId, tier, address }: TargetAddress, options: WorkerLinkOptions): WorkerLink {
  const { config, view, clock, random, logger, metrics, faults, node, onChange } = options;
  const { maxInFlight, radioWatts } = config;
  const connection = connect(address, { ...securityOf(config), node });
  const client = connection.client(worker.InferenceWorkerClient);
  const onFault = faults.of(nodeId);
  let reachable = false;
  /** Once it has left, another one may have its name. */
  let left = false;
  const ask = async (): Promise<Listing | undefined> => {
    try {
      const listed = await callUnary(client, client.listVariants, {}, { timeoutMs: 5_000 });
      const { value, leftOut } = listingFromWire(listed);
      if (leftOut.length > 0) logger.warn({ leftOut, node: nodeId }, 'unusable variants are left out');
      return value;
    } catch (error) {
      if (error instanceof WeirError && error.reason === 'UNIMPLEMENTED') return undefined;
      throw error;
    }
  };
  const target = new RemoteTarget({
    nodeId,
    tier,
    openStream(signal) {
      metrics.opening('worker', nodeId);
      return openDuplex(client, client.streamInfer, { signal });
    },
    clock,
    random: random.fork(nodeId),
    logger,
    maxInFlight,
    onFault: (fault) => !left && onFault(fault),
    radioJPerMs: radioWatts / 1000,
    handshake: {
      ask,
      compare(listing) {
        if (left) return new Set();
        const foreign = view.variantsListed(nodeId, listing);
        onChange();
        return foreign;
      },
    },
    onLoad: (load) => !left && view.loadReported(load),
    onClaim(claim) {
      if (left) return;
      view.claimed(nodeId, claim);
      onChange();
    },
    onReachable(now) {
      if (left) return;
      view.reachable(nodeId, now);
      if (now === reachable) return;
      reachable = now;
      onChange();
    },
  });
  view.add(target);
  return {
    target,
    leave() {
      left = true;
      onFault(undefined);
      view.remove(target);
    },
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}
