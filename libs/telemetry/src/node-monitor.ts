import type { EnergyProbe, EnergySample } from './energy-probe.ts';
import type { HostProbe, HostSample } from './host-probe.ts';
import type { LinkProbe, LinkSample } from './link-probe.ts';

/** One report of a node; field by field weir.telemetry.v1.ReportRequest. */
export interface NodeSample<Tier, Load> {
  cellId: string;
  nodeId: string;
  tier: Tier;
  host: HostSample;
  links: LinkSample[];
  load: Load | undefined;
  energy: EnergySample;
  advertisedAddress: string;
}

export interface NodeMonitor<Tier, Load> {
  /** What all probes see now; call it once per report. */
  sample(): NodeSample<Tier, Load>;
}

/**
 * Combines a node's probes into its report. The streamer of the reports chooses the wire types of `tier` and
 * `load`. `load` and `links` are read at each sample: links come and go, and a node without models has no load. Where
 * the processor is emulated, the machine's utilization mixes all nodes on it: `cpuUtilization` then gives the
 * emulated one's (the share of its slots in use), for the host's state and for the power derived from it.
 */
export function createNodeMonitor<Tier, Load>({
  cellId,
  nodeId,
  tier,
  host,
  energy,
  load = () => undefined,
  links = () => [],
  cpuUtilization,
  advertisedAddress = '',
}: {
  cellId: string;
  nodeId: string;
  tier: Tier;
  host: HostProbe;
  energy: EnergyProbe;
  load?: () => Load | undefined;
  links?: () => Iterable<Pick<LinkProbe, 'state'>>;
  /** 0..1. @default the machine's */
  cpuUtilization?: (() => number) | undefined;
  /** Of a worker that devices may discover: HOST:PORT. @default none */
  advertisedAddress?: string;
}): NodeMonitor<Tier, Load> {
  return {
    sample() {
      const seen = host.sample();
      const hostSample = cpuUtilization ? { ...seen, cpuUtilization: cpuUtilization() } : seen;
      return {
        cellId,
        nodeId,
        tier,
        host: hostSample,
        links: Array.from(links(), (link) => link.state()),
        load: load(),
        energy: energy.sample(hostSample),
        advertisedAddress,
      };
    },
  };
}
