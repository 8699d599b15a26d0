import { percentile, sleep, Unavailable } from '@weir/base';
import { processorMeter } from '@weir/cell';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMeasurer, startServer } from '../child.ts';
import { quantileBetween, scrape } from './scrape.ts';
import type { AgentsFigures, AgentsTurn } from './turn.ts';

export interface PolicyCost {
  readonly agents: number;
  readonly perCell: number;
  /** From the first agent's joining until all have a directive; 64 join at once, and those that have joined talk. */
  readonly joinMs: number;
  /** Processor time of the service meanwhile, all its threads. */
  readonly joinCpuMsPerAgent: number;
  /** Directives that agents got meanwhile; each needs one. */
  readonly directivesPerJoin: number;
  /** Processor time of the service, all its threads. */
  readonly cpuMsPerAgentSecond: number;
  /** Of that, on the thread that serves. */
  readonly mainMsPerAgentSecond: number;
  /** Resident memory that the agents add, bytes each. */
  readonly rssPerAgentBytes: number;
  /** From sending an outcome to its acknowledgement, as agents see it. */
  readonly ackMs: Quantiles;
  /** How late the serving thread came to what was due. */
  readonly loopLagMs: Quantiles;
  readonly directivesPerSecond: number;
  /** From the buckets of the service's histogram. */
  readonly planMs: Quantiles;
  readonly acknowledgedPerSecond: number;
  /** A busy policy asks for fewer and fuller messages. */
  readonly outcomesPerMessage: number;
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** Processes that the agents are spread over. */
const processes = 2;
/** From the last agent's joining to the measurement, at most, ms: a busy policy has found its pace by then. */
const mostSettleMs = 30_000;
/** Longest wait of an agent for its first directive, ms. */
const mostJoinMs = 60_000;

const policyProgram = fileURLToPath(import.meta.resolve('@weir/policy-service/main'));

/**
 * What simulated agents cost a PolicyService of its own: each with a connection, one outcome a second, its state as agents tell it, two
 * variants, one target. Throws Unavailable when an agent gets no directive or loses its session.
 */
export async function policyCost({
  agents,
  perCell,
  seconds,
  signal,
  progress,
}: {
  agents: number;
  perCell: number;
  seconds: number;
  signal: AbortSignal;
  progress: (text: string) => void;
}): Promise<PolicyCost> {
  const data = await mkdtemp(join(tmpdir(), 'weir-bench-policy-'));
  await using removed = new AsyncDisposableStack();
  removed.defer(() => rm(data, { recursive: true }));
  const flags = {
    data,
    metrics: '127.0.0.1:0',
    'max-cells': Math.max(256, Math.ceil(agents / perCell)),
    'max-devices': Math.max(5_000, perCell),
    'log-level': 'error',
  };
  const argv = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const service = removed.use(
    await startServer(process.execPath, [policyProgram, ...argv], { name: 'PolicyService', signal }),
  );
  const script = new URL('agents-process.ts', import.meta.url);
  const crowds = Array.from({ length: Math.min(processes, agents) }, () =>
    removed.use(startMeasurer<AgentsTurn, AgentsFigures>(script, signal)),
  );
  const residentBefore = await residentBytes(service.pid);

  progress(`${agents} agents join`);
  const meter = processorMeter([service.pid]);
  const [cpuBeforeJoining, joiningAt] = [meter(), performance.now()];
  const each = Math.ceil(agents / crowds.length);
  const joined = await Promise.all(
    crowds.map((crowd, at) => {
      const from = at * each;
      const count = Math.max(0, Math.min(each, agents - from));
      return crowd.ask({ do: 'join', address: service.address, from, count, perCell, timeoutMs: mostJoinMs });
    }),
  );
  const joinMs = performance.now() - joiningAt;
  const joinCpuMsPerAgent = (meter().all - cpuBeforeJoining.all) / agents;
  await sleep(Math.min(mostSettleMs, 1_000 * seconds), { signal });
  const ask = (what: 'tell' | 'forget') => Promise.all(crowds.map((crowd) => crowd.ask({ do: what })));
  const before = await ask('forget');

  progress(`${agents} agents send an outcome and their state every second, for ${seconds} s`);
  const readingBefore = await scrape(service.metrics!);
  const [cpuBefore, startedAt] = [meter(), performance.now()];
  await sleep(1_000 * seconds, { signal });
  const [cpu, measuredS] = [meter(), (performance.now() - startedAt) / 1_000];
  const reading = await scrape(service.metrics!);
  const told = await ask('tell');
  const failures = [...joined, ...before, ...told].flatMap((one) => one.failures);
  if (failures.length > 0) throw new Unavailable(`${failures.length} sessions have failed: ${failures[0]}`);

  const ackMs = told.flatMap((one) => one.ackMs);
  const planBuckets = [readingBefore, reading].map((one) => one.buckets('weir_plan_duration_seconds'));
  const planMs = (share: number) => 1_000 * quantileBetween(planBuckets[0]!, planBuckets[1]!, share);
  const lagMs = (of: string) => 1_000 * reading.gauge(`nodejs_eventloop_delay_${of}_seconds`);
  return {
    agents,
    perCell,
    joinMs,
    joinCpuMsPerAgent,
    directivesPerJoin: joined.reduce((sum, { directives }) => sum + directives, 0) / agents,
    cpuMsPerAgentSecond: (cpu.all - cpuBefore.all) / (agents * measuredS),
    mainMsPerAgentSecond: (cpu.main - cpuBefore.main) / (agents * measuredS),
    rssPerAgentBytes: ((await residentBytes(service.pid)) - residentBefore) / agents,
    ackMs: { p50: percentile(ackMs, 0.5), p99: percentile(ackMs, 0.99) },
    loopLagMs: { p50: lagMs('p50'), p99: lagMs('p99') },
    directivesPerSecond: told.reduce((sum, one) => sum + one.directives, 0) / measuredS,
    planMs: { p50: planMs(0.5), p99: planMs(0.99) },
    acknowledgedPerSecond: ackMs.length / measuredS,
    outcomesPerMessage: ackMs.length / told.reduce((sum, one) => sum + one.messages, 0),
  };
}

/** Source: proc_pid_status(5). */
async function residentBytes(pid: number): Promise<number> {
  return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]);
}
