import type { Clock, Logger, Random } from '@weir/base';
import { type agent, telemetry } from '@weir/proto';
import { connect, keepReporting, openClientStream, openServerStream, type PeerFaults } from '@weir/rpc';
import { createHostProbe, createNodeMonitor, type EnergyProbe } from '@weir/telemetry';
import { agentReportToWire, nodeToWire, type TargetAddress, tierToWire } from '@weir/wire';
import type { CellView } from '../targets/cell-view.ts';
import { watchTargets } from '../targets/discovery/watch-targets.ts';
import type { Config } from '../config.ts';
import type { AgentMetrics } from './metrics.ts';
import { securityOf } from '../security.ts';

export interface TelemetryLinkOptions {
  readonly config: Config;
  readonly view: CellView;
  readonly energy: EnergyProbe;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: AgentMetrics;
  readonly faults: PeerFaults;
  /** How the agent stands; undefined until it is warm. */
  readonly status: () => agent.GetStatusResponse | undefined;
  /** Takes each list of the cell's workers; absent: nobody asks for it. */
  readonly onTargets?: ((targets: readonly TargetAddress[]) => void) | undefined;
}

/** Connects Telemetry, reports this device to it, and follows the list of the cell's workers, until disposed. */
export function linkTelemetry(address: string, options: TelemetryLinkOptions): AsyncDisposable {
  const { config, view, energy, clock, random, logger, metrics, faults } = options;
  const connection = connect(address, securityOf(config));
  const client = connection.client(telemetry.TelemetryClient);
  const monitor = createNodeMonitor({
    cellId: config.cellId,
    nodeId: config.deviceId,
    tier: tierToWire('device'),
    host: createHostProbe({ clock }),
    energy,
    load: () => nodeToWire(view.localReport()),
    // Emulated nodes share one machine: this device's utilization is that of its slots.
    cpuUtilization: config.dilationFactor > 0 ? () => view.localReport().load.utilization : undefined,
    links: () => view.remotes.map(({ link }) => link),
  });
  const reports = keepReporting({
    open(signal) {
      metrics.opening('telemetry');
      return openClientStream(client, client.report, { signal });
    },
    sample() {
      const status = options.status();
      return { ...monitor.sample(), agent: status && agentReportToWire(status) };
    },
    onFault: faults.of('telemetry'),
    connected: () => connection.connected,
    clock,
    random: random.fork('telemetry'),
    logger,
  });
  const { onTargets: take } = options;
  const { cellId } = config;
  const targets =
    take &&
    watchTargets({
      open: (signal) => openServerStream(client, client.watchTargets, { cellId }, { signal }),
      take,
      clock,
      random: random.fork('targets'),
      logger,
      faults,
    });
  return {
    async [Symbol.asyncDispose]() {
      await targets?.[Symbol.asyncDispose]();
      await reports[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}
