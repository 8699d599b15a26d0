import { type Random, sleep } from '@weir/base';
import type { RunningCell } from '@weir/cell';
import { policy } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import type { Watched } from './footprint.ts';
import { closedLoop, openLoop, type Outcome, type Target } from './open-loop.ts';
import { type Fact, percent } from './report.ts';

/** What every phase has to do with: a living cell whose frames all go from its device to its worker. */
export interface Stage {
  readonly cell: RunningCell;
  readonly random: Random;
  readonly variant: string;
  readonly picture: Uint8Array;
  /** Through the agent. */
  readonly agent: Target;
  /** Straight at the worker. */
  readonly worker: Target;
  readonly processes: Readonly<Record<'agent' | 'worker' | 'policy' | 'telemetry', Watched>>;
  readonly alone: Served;
  /** Minutes rather than seconds. */
  readonly long: boolean;
}

/** Shares of what others ask that is answered in time. */
export interface Served {
  readonly frames: number;
  readonly questions: number;
}

/** Least share that is answered whatever somebody else does, of what it is alone; the short form runs beside other work. */
const leastServed = (long: boolean) => (long ? 0.9 : 0.5);
/** How long others wait for an answer, ms: longer than a busy machine keeps them, shorter than a service that stands still. */
const patienceMs = 2_000;

type Others = Pick<Stage, 'cell' | 'agent' | 'random'>;

/** What others are served while nobody disturbs them, once the cell is warm. */
export async function servedAlone(stage: Others): Promise<Served> {
  await closedLoop(stage.agent, { loops: 2, seconds: 2 });
  const { stop } = begin(stage);
  await sleep(2_000);
  return stop();
}

/** Others that go on meanwhile: frames through the agent, and questions to PolicyService, each on a connection of its own. */
export function bystanders(stage: Stage): { readonly stop: () => Promise<readonly [Fact, Fact]> } {
  const { alone, long } = stage;
  const { stop } = begin(stage);
  const fact = (what: string, share: number, before: number): Fact => [
    `${percent(share)} of others' ${what} in time`,
    share >= leastServed(long) * before,
  ];
  return {
    async stop() {
      const { frames, questions } = await stop();
      return [fact('frames', frames, alone.frames), fact('questions', questions, alone.questions)];
    },
  };
}

function begin({ cell, agent, random }: Others): { readonly stop: () => Promise<Served> } {
  const stopping = new AbortController();
  const usual = { signal: stopping.signal, patienceMs, random };
  const frames = openLoop(agent, { framesPerSecond: 20, ...usual });
  const questions = openLoop(policyAsked(cell), { framesPerSecond: 5, ...usual });
  const share = ({ inTime, sent }: Outcome) => inTime / Math.max(1, sent);
  return {
    async stop() {
      stopping.abort();
      return { frames: share(await frames), questions: share(await questions) };
    },
  };
}

/** GetObjective, on a new connection each time. */
function policyAsked({ policyAddress, description: { cellId } }: RunningCell): Target {
  return {
    async infer(timeoutMs) {
      await using connection = connect(policyAddress);
      const client = connection.client(policy.PolicyServiceClient);
      return await callUnary(client, client.getObjective, { cellId }, { timeoutMs });
    },
  };
}
