import { sleep } from '@weir/base';
import { startMeasurer } from '../../apps/cli/src/bench/child.ts';
import type { AgentsAsked, AgentsTold } from './agents-process.ts';
import { footprintOf } from './footprint.ts';
import { mostLeftMb } from './overload.ts';
import { report } from './report.ts';
import { bystanders, type Stage } from './stage.ts';

const perCell = 50;
/** The wait for them ends when none has come for so long, s. */
const standstillSeconds = 30;
/** They may take so many times as long to come back, all at once, as they took to come; the short form only tells it. */
const mostTimes = 4;

/** PolicyService is killed under 500 agents, and all come back at once, while the cell's frames go on. */
export async function reconnect(stage: Stage): Promise<void> {
  const { cell, processes, long } = stage;
  const agents = long ? 500 : 200;
  await using crowd = startMeasurer<AgentsAsked, AgentsTold>(
    new URL('agents-process.ts', import.meta.url),
    new AbortController().signal,
  );
  /** Seconds until all have a directive, in sessions after the first `before`; undefined: not in time. */
  const allPlanned = async (before: number): Promise<number | undefined> => {
    const from = performance.now();
    const elapsed = () => (performance.now() - from) / 1_000;
    for (let last = { sessions: -1, at: 0 }; elapsed() - last.at < standstillSeconds; await sleep(100)) {
      const { planned, sessions } = await crowd.ask({ do: 'tell' });
      if (planned === agents && sessions >= before + agents) return elapsed();
      if (sessions > last.sessions) last = { sessions, at: elapsed() };
    }
    return undefined;
  };
  const address = cell.policyAddress;
  await crowd.ask({ do: 'start', address, count: agents, perCell });
  const came = await allPlanned(0);
  await sleep(2_000);
  const before = footprintOf(processes.policy.pid());
  const { sessions } = await crowd.ask({ do: 'tell' });

  const others = bystanders(stage);
  const restarted = new Promise<void>((resolve) => {
    const stop = cell.onEvent(({ name, kind }) => {
      if (name !== 'policy' || kind !== 'restarted') return;
      stop();
      resolve();
    });
  });
  cell.kill('policy', 'SIGKILL');
  await restarted;
  const back = await allPlanned(sessions);
  const [frames] = await others.stop();
  await sleep(2_000);
  const after = footprintOf(processes.policy.pid());
  const { ended } = await crowd.ask({ do: 'tell' });
  report(`${agents} agents after a restart of PolicyService`, [
    [`came within ${came?.toFixed(1) ?? '–'} s`, came !== undefined],
    [
      `all back ${back?.toFixed(1) ?? '–'} s after its restart`,
      came !== undefined && back !== undefined && (!long || back <= mostTimes * Math.max(came, 1)),
    ],
    frames,
    [
      `policy ${before.rssMb.toFixed(0)} → ${after.rssMb.toFixed(0)} MB`,
      after.rssMb <= before.rssMb + mostLeftMb,
    ],
  ]);
  for (const [why, count] of Object.entries(ended)) console.log(`         ${count} ${why}`);
}
