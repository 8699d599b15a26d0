/** A process of simulated agents that begin again whenever their session ends, as agents do. */
import { quietCollector, sleep } from '@weir/base';
import { type Heard, simulatedAgent } from '../../apps/cli/src/bench/policy/simulated-agent.ts';

quietCollector();

export type AgentsAsked =
  | { readonly do: 'start'; readonly address: string; readonly count: number; readonly perCell: number }
  | { readonly do: 'tell' };

export interface AgentsTold {
  /** Agents with a directive of the session that stands. */
  readonly planned: number;
  /** Sessions that have got their directive, all in all. */
  readonly sessions: number;
  /** Why sessions have ended, how often, by their first words. */
  readonly ended: Readonly<Record<string, number>>;
}

/** Waits of an agent before it tries again, ms: doubled from the first to the last, and spread. */
const backOff = { first: 100, most: 2_000 };

let [planned, sessions] = [0, 0];
const ended: Record<string, number> = {};

async function keepUp(address: string, ids: { cellId: string; deviceId: string }): Promise<never> {
  let waitMs = backOff.first;
  for (;;) {
    const heard: Heard = { ackMs: [], directives: 0, messages: 0, failures: [] };
    {
      await using agent = simulatedAgent(address, { ...ids, heard });
      const stands = await agent.planned.then(
        () => true,
        () => false,
      );
      if (stands) {
        planned++;
        sessions++;
        waitMs = backOff.first;
        const talking = setInterval(() => agent.say(), 1_000);
        await agent.ended;
        clearInterval(talking);
        planned--;
      }
      await agent.ended;
    }
    const why = (heard.failures[0] ?? 'without a reason').slice(0, 60);
    ended[why] = (ended[why] ?? 0) + 1;
    await sleep(waitMs * (0.5 + Math.random()));
    waitMs = Math.min(2 * waitMs, backOff.most);
  }
}

process.on('message', (asked: AgentsAsked) => {
  if (asked.do === 'start')
    for (let at = 0; at < asked.count; at++)
      void keepUp(asked.address, {
        cellId: `storm-${Math.floor(at / asked.perCell)}`,
        deviceId: `device-${at}`,
      });
  process.send!({ figures: { planned, sessions, ended } satisfies AgentsTold });
});
process.on('disconnect', () => process.exit(0));
