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
}

export interface NodeMonitor<Tier, Load> {
  /** What all probes see now; call it once a report. */
  sample(): NodeSample<Tier, Load>;
}

/**
 * Puts a node's probes together into its report. Whoever streams the reports chooses the wire's types of `tier` and
 * `load`. `load` and `links` are asked at each sample: links come and go, and a node without models has no load. Where
 * the processor is emulated, the machine's utilization is that of all nodes on it: `cpuUtilization` then says what the
 * emulated one has (the share of its slots in use), for the host's state and for the power that follows from it.
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
}: {
  cellId: string;
  nodeId: string;
  tier: Tier;
  host: HostProbe;
  energy: EnergyProbe;
  load?: () => Load | undefined;
  links?: () => Iterable<Pick<LinkProbe, 'state'>>;
  /** 0..1. @default what the machine says */
  cpuUtilization?: (() => number) | undefined;
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
      };
    },
  };
}
