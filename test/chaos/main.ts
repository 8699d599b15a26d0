import { seededRandom } from '@weir/base';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startApplications } from './application.ts';
import { bestPlacement, embeddedVariants } from './best-placement.ts';
import { chaos } from './chaos.ts';
import { promises, unseen } from './checker.ts';
import type { Death, History, SeenFrame, WireEvent } from './history.ts';
import { readJournal } from './journal.ts';
import { describeLivingCell, startLivingCell } from './living-cell.ts';
import { acknowledged, atBest } from './recovery.ts';
import { Report } from './report.ts';
import { watchStalls } from './stalls.ts';

/**
 * `npm run test:chaos`: a cell under load of which everything is broken at random, and a checker that looks at what was seen
 * from outside. `--seed N` decides what is done, `--kills N` and `--minutes N` how much; `-- --short`: a minute. `--logs FOLDER`
 * keeps what the processes log. Ends with `N passed, N failed`.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string' },
    minutes: { type: 'string' },
    short: { type: 'boolean', default: false },
    logs: { type: 'string' },
  },
});
const { kills = values.short ? '8' : '100', minutes = values.short ? '0.75' : '30' } = values;
const [seed, mostKills, mostMinutes] = [values.seed, kills, minutes].map(Number) as [number, number, number];
if (![seed, mostKills, mostMinutes].every((value) => value >= 0)) {
  console.error('test:chaos: --seed, --kills and --minutes are numbers, at least 0');
  process.exit(64);
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interrupted.abort(new Error(`stopped by ${signal}`)));

console.log(`seed ${seed}`);
const report = new Report();
try {
  const history = await run();
  report.check('frames, outcomes, balances and journal were watched', unseen(history));
  for (const { promise, of, violations } of promises)
    report.check(`${promise} (${of(history)})`, violations(history));
  const killed = history.faults.filter(({ kind }) => kind === 'kill').length;
  console.log(`seed ${seed}: ${history.faults.length} faults, ${killed} of them kills`);
} catch (error) {
  const what = (error instanceof Error && error.stack) || String(error);
  if (!interrupted.signal.aborted) report.check('the run comes to its end', [{ what }]);
}
console.log(`${report.passed} passed, ${report.failed} failed`);
process.exitCode = interrupted.signal.aborted ? 130 : report.failed > 0 ? 1 : 0;

async function run(): Promise<History> {
  const { signal } = interrupted;
  const description = describeLivingCell(seed);
  const devices = description.devices.map(({ id }) => id);
  const best = bestPlacement(description, embeddedVariants());
  const frames: SeenFrame[] = [];
  const wire: WireEvent[] = [];
  const deaths: Death[] = [];

  await using living = await startLivingCell(description, {
    logDir: values.logs,
    onWireEvent: (event) => wire.push(event),
    signal,
  });
  const { cell, processes, disk, stateDir } = living;
  report.say(`${processes.length} processes serve: ${processes.join(', ')}`);
  if ('missing' in disk) report.say(`full and read-only disks are left out: ${disk.missing}`);
  report.say(`best is ${[...best].map(([device, node]) => `${device} at ${node}`).join(', ')}`);
  cell.onEvent(({ kind, name, detail }) => {
    if (kind === 'died') deaths.push({ process: name, at: performance.now() });
    if (kind !== 'stopped') report.say(`                ${name} ${kind}, ${detail.split('\n', 1)[0]}`);
  });
  const stalls = watchStalls();
  await using applications = startApplications(cell, {
    random: seededRandom(seed).fork('pictures'),
    onFrame: (frame) => frames.push(frame),
  });
  const awayFromBest = () => atBest(best, frames, { since: performance.now(), signal });

  report.check('the cell finds its best placement', await awayFromBest());
  await chaos(living, {
    random: seededRandom(seed).fork('faults'),
    limits: { kills: mostKills, minutes: mostMinutes },
    signal,
    say: (text) => report.say(text),
    onFault: (fault) => report.faults.push(fault),
  });
  report.say('all is mended');
  report.check('the cell is back at its best placement afterwards', await awayFromBest());
  await applications.stop();
  report.check('all outcomes are acknowledged afterwards', await acknowledged(devices, wire, signal));
  const seen = { frames, wire, deaths, stalls: stalls.stop(), faults: report.faults };
  // Only now does nobody write to the journal any more.
  await cell[Symbol.asyncDispose]();
  const journal = readJournal(join(stateDir, 'policy.db'));
  return { ...seen, devices, accuracyFloor: description.objective.accuracyFloor, journal };
}
