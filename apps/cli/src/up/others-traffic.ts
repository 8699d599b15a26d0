import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { systemClock } from '@weir/base';
import type { LiveCell, RunReport } from './live-cell.ts';
import { liveView } from './live-view.ts';
import { othersReport } from './others-report.ts';
import { othersLine, othersTable } from './others-view.ts';
import { watchAgents } from './watch-agents.ts';

/** Shows what a cell does for applications of somebody else, until the signal. A frame of theirs that fails is theirs. */
export async function awaitOthers(live: LiveCell): Promise<RunReport> {
  const { cell, description, context, learner, page, json, signal } = live;
  const startedAt = performance.now();
  await using agents = watchAgents(cell, { clock: systemClock });
  const { devices } = agents;
  {
    const known = () => learner.accuracy();
    const shows = {
      table: (notes: readonly string[], heading: string, width?: number) =>
        othersTable(devices, notes, heading, width),
      line: () => othersLine(devices),
    };
    using _view = liveView({ cell, shows, context, json, url: page?.url, known });
    if (!signal.aborted) await once(signal, 'abort');
    await agents.ask();
  }
  const reported = othersReport({
    description,
    devices,
    restarts: cell.restarts(),
    metrics: cell.metrics,
    seconds: (performance.now() - startedAt) / 1_000,
    learning: learner.learning(),
    known: learner.accuracy(),
  });
  return { ...reported, failed: false };
}
