/** A process of simulated agents: joins them, lets them talk for a while, and tells what they heard. */
import { quietCollector, sleep } from '@weir/base';
import { type Heard, type SimulatedAgent, simulatedAgent } from './simulated-agent.ts';
import type { AgentsTurn, AgentsFigures } from './turn.ts';

// Its pauses would count as the service's.
quietCollector();

/** Agents that join at once. */
const joining = 32;

const heard: Heard = { ackMs: [], directives: 0, messages: 0, failures: [] };
const agents: SimulatedAgent[] = [];

async function join({
  address,
  from,
  count,
  perCell,
  timeoutMs,
}: AgentsTurn & { do: 'join' }): Promise<void> {
  const started = Array.from({ length: Math.min(joining, count) }, async (_, lane) => {
    for (let at = from + lane; at < from + count; at += joining) {
      const agent = simulatedAgent(address, {
        cellId: `cell-${Math.floor(at / perCell)}`,
        deviceId: `device-${at}`,
        heard,
      });
      agents.push(agent);
      await within(agent.planned, timeoutMs, `no directive for device-${at}`);
      talk(agent);
    }
  });
  await Promise.all(started);
}

async function within(done: Promise<void>, limitMs: number, what: string): Promise<void> {
  const over = new AbortController();
  const late = sleep(limitMs, { signal: over.signal }).then(() => {
    throw new Error(`${what} within ${limitMs} ms`);
  });
  try {
    await Promise.race([done, late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}

/** Once a second, each at its own time within it. */
function talk(agent: SimulatedAgent): void {
  setTimeout(() => setInterval(() => agent.say(), 1_000), 1_000 * Math.random());
}

function forget(): void {
  heard.ackMs.length = 0;
  heard.directives = 0;
  heard.messages = 0;
}

function figures(): AgentsFigures {
  const told = { ...heard, ackMs: [...heard.ackMs], failures: heard.failures.splice(0) };
  forget();
  return told;
}

process.on('message', (turn: AgentsTurn) => {
  // To tell what came before would keep the agents from hearing what they are measured by.
  if (turn.do === 'forget') forget();
  const done = turn.do === 'join' ? join(turn) : Promise.resolve();
  done.then(
    () => process.send!({ figures: figures() }),
    (error: unknown) => process.send!({ failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
