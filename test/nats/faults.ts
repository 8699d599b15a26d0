import type { Random } from '@weir/base';
import type { CutMode } from '@weir/link';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from './agents.ts';
import type { NatsServer } from './nats-server.ts';
import type { Network } from './network.ts';
import type { PolicyProcess } from './policy-process.ts';

/** What is broken: policies over servers of NATS. */
export interface Fleet {
  readonly servers: readonly NatsServer[];
  readonly policies: readonly PolicyProcess[];
  /** Between policies and servers, and between servers. */
  readonly network: Network;
  readonly agents: readonly Agent[];
}

/** A fault that stands. */
export interface Fault {
  readonly what: string;
  /** What is left serves all cells again while the fault stands; else only once it is mended. */
  readonly isOutlived: boolean;
  /** Resolves when that which was broken is on its way: a server may still have to catch up. */
  mend(): Promise<void>;
}

export type Strike = (fleet: Fleet, random: Random) => Promise<Fault>;

const pick = <T>(among: readonly T[], random: Random): T => among[random.integer(among.length)]!;
const modeOf = (random: Random): CutMode => pick(['reset', 'blackhole'] as const, random);

/** One that agents speak with. */
const owning = ({ policies, agents }: Fleet, random: Random): PolicyProcess =>
  pick(
    policies.filter(({ address }) => agents.some((agent) => agent.address === address)),
    random,
  );

const killServers = async (servers: readonly NatsServer[], isOutlived: boolean): Promise<Fault> => {
  await Promise.all(servers.map((server) => server.kill()));
  return {
    what: `${servers.map(({ name }) => name).join(' and ')} killed`,
    isOutlived,
    mend: async () => void (await Promise.all(servers.map((server) => server.start()))),
  };
};

/** So many faults: every kind once, and then again, each time in another order. */
export function kindsOfFaults(count: number, random: Random): readonly Strike[] {
  const drawn: Strike[] = [];
  let left: Strike[] = [];
  while (drawn.length < count) {
    if (left.length === 0) left = Object.values(strikes);
    drawn.push(...left.splice(random.integer(left.length), 1));
  }
  return drawn;
}

const strikes: Readonly<Record<string, Strike>> = {
  async 'a policy is killed'(fleet, random) {
    const policy = owning(fleet, random);
    await policy.kill();
    return { what: `${policy.name} killed`, isOutlived: true, mend: () => policy.start() };
  },
  'a server is killed': ({ servers }, random) => killServers([pick(servers, random)], true),
  'two servers are killed'({ servers }, random) {
    const spared = pick(servers, random);
    return killServers(
      servers.filter((server) => server !== spared),
      false,
    );
  },
  async 'a server is cut from the others'({ servers, network }, random) {
    const [lonely, mode] = [pick(servers, random), modeOf(random)];
    for (const other of servers) if (other !== lonely) await network.cut(lonely.name, other.name, mode);
    return {
      what: `${lonely.name} cut from the other servers (${mode})`,
      isOutlived: true,
      mend: () => network.mend(),
    };
  },
  async 'all servers are cut from one another'({ servers, network }, random) {
    const mode = modeOf(random);
    for (const a of servers) for (const b of servers) if (a !== b) await network.cut(a.name, b.name, mode);
    return {
      what: `all servers cut from one another (${mode})`,
      isOutlived: false,
      mend: () => network.mend(),
    };
  },
  async 'a policy is cut from its server'(fleet, random) {
    const { servers, network } = fleet;
    const [policy, mode] = [owning(fleet, random), modeOf(random)];
    const links = await Promise.all(servers.map(({ name }) => network.stats(policy.name, name)));
    const server = servers[links.findIndex((each) => each.some(({ connections }) => connections > 0))];
    if (server) await network.cut(policy.name, server.name, mode);
    return {
      what: `${policy.name} cut from ${server?.name ?? 'no server'} (${mode})`,
      isOutlived: true,
      mend: () => network.mend(),
    };
  },
  async 'a policy is cut from all servers'(fleet, random) {
    const { servers, network } = fleet;
    const [policy, mode] = [owning(fleet, random), modeOf(random)];
    for (const { name } of servers) await network.cut(policy.name, name, mode);
    return {
      what: `${policy.name} cut from all servers (${mode})`,
      isOutlived: false,
      mend: () => network.mend(),
    };
  },
  /** For longer than its lease: the others may take it for dead. */
  async 'a policy is suspended'(fleet, random) {
    const policy = owning(fleet, random);
    policy.suspend();
    await sleep(5_500);
    return { what: `${policy.name} suspended`, isOutlived: false, mend: async () => policy.goOn() };
  },
};
