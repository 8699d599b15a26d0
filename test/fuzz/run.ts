import { seededRandom } from '@weir/base';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Footprint } from '../load/footprint.ts';
import { corpusOf } from './corpus.ts';
import { fuzzCalls } from './fuzz-calls.ts';
import { fuzzFiles } from './fuzz-files.ts';
import { goodMessages } from './good-messages.ts';
import { type FuzzedCell, startFuzzedCell } from './living-cell.ts';
import { checkPoison } from './poison.ts';
import { createTally } from './tally.ts';

/**
 * `npm run test:fuzz`: random and nearly good messages to every RPC of a living cell, files to whatever reads them, and a hostile
 * device beside honest ones. Nothing may crash, hang, grow, or say that the fault is its own. `--seed N` repeats a run,
 * `--messages N` (100,000) sets its length: N/20 files and two times N/10 messages of a hostile device come on top;
 * `-- --short`: a minute. `--only WORD`: RPCs and kinds of files with that in their names, or `poison`. What fails is kept in
 * test/fuzz/corpus, where the next run begins. Ctrl-C ends it early, with what was found. Ends with `N passed, N failed`.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    messages: { type: 'string' },
    short: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
const messages = Number(values.messages ?? (values.short ? 4_000 : 100_000));
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(messages) || messages < 1) {
  console.error('--seed and --messages: expected whole numbers, --messages at least 1');
  process.exit(64);
}
const { only } = values;
const rounds = 6;
/** Most that a process may hold at the end, of what it held at most in the first half; in a short run a heap still finds its size. */
const mostGrowth = values.short ? 1.5 : 1.25;
/** Most handles more than before: the connections of a moment, and threads that work has woken, of six each. */
const mostHandles = 20;
/** What was opened a moment ago has this long to be closed at the end, ms. */
const settleMs = 20_000;
/** Longest that a serving thread may be held up, ms. */
const mostHeldUpMs = 3_000;

console.log(`seed ${seed}`);
const random = seededRandom(seed);
const tally = createTally();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
const picture = readFileSync(new URL('../../libs/inference/models/samples/scene-0000.png', import.meta.url));
const pictures = [picture, ...corpusOf('picture')];

if (only !== 'poison') {
  const sent = await fuzzCell();
  const files = await fuzzFiles({
    files: Math.ceil(messages / 20),
    pictures,
    random: random.fork('files'),
    tally,
    only,
    signal: stop.signal,
  });
  console.log(`${sent.messages} messages in ${sent.calls} calls, ${files} files`);
}
if ((only === '' || only === 'poison') && !stop.signal.aborted)
  await checkPoison({ messages: Math.ceil(messages / 10), random: random.fork('poison'), tally });
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed > 0 ? 1 : stop.signal.aborted ? 130 : 0;

async function fuzzCell(): Promise<{ messages: number; calls: number }> {
  const logDir = mkdtempSync(join(tmpdir(), 'weir-fuzz-'));
  try {
    await using fuzzed = await startFuzzedCell(picture, logDir);
    const { cell, snapshot, stillServes } = fuzzed;
    const good = goodMessages(pictures, snapshot);
    await using calls = await fuzzCalls({
      cell,
      good,
      random: random.fork('calls'),
      tally,
      stillServes,
      only,
    });
    const feet = [fuzzed.footprints()];
    const pids = fuzzed.pids();
    const heldUpMs = new Map<string, number>();
    for (let round = 0; round < rounds && !stop.signal.aborted; round++) {
      await calls.round(messages / rounds, stop.signal);
      feet.push(fuzzed.footprints());
      console.log(`       round ${round + 1} of ${rounds}`);
      for (const [name, ms] of await fuzzed.heldUpMs())
        heldUpMs.set(name, Math.max(ms, heldUpMs.get(name) ?? 0));
    }
    feet.push(await settled(fuzzed, feet));
    const counts = calls.conclude();
    // Stopped before anything was sent: there is nothing to judge.
    if (heldUpMs.size === 0) return counts;
    for (const [name, pid] of pids) {
      tally.check(`${name} is the process that it was`, fuzzed.pids().get(name) === pid);
      checkFootprint(name, feet);
      const ms = heldUpMs.get(name)!;
      tally.check(
        `${name}: its serving thread was held up for ${ms.toFixed(0)} ms at most`,
        ms <= mostHeldUpMs,
      );
    }
    const errors = fuzzed.errorsLogged();
    tally.check(`${errors.length} errors in the logs`, errors.length === 0);
    for (const line of errors.slice(0, 10)) console.log(`       ${line}`);
    return counts;
  } finally {
    rmSync(logDir, { recursive: true });
  }
}

type Feet = ReadonlyMap<string, Footprint>;

/** What each process holds once it holds few handles, or after a while. */
async function settled(fuzzed: FuzzedCell, before: readonly Feet[]): Promise<Feet> {
  const until = performance.now() + settleMs;
  for (;;) {
    const feet = fuzzed.footprints();
    const few = ([name, { handles }]: [string, Footprint]) =>
      handles <= mostOf(before, name, 'handles') + mostHandles;
    if ([...feet].every(few) || performance.now() > until) return feet;
    await sleep(250);
  }
}

/** In the first half. */
function mostOf(feet: readonly Feet[], name: string, what: keyof Footprint): number {
  return Math.max(...feet.slice(0, Math.ceil(feet.length / 2)).map((each) => each.get(name)![what]));
}

function checkFootprint(name: string, feet: readonly Feet[]): void {
  const own = feet.map((each) => each.get(name)!);
  const last = own.at(-1)!;
  const growth = last.rssMb / mostOf(feet, name, 'rssMb');
  const mb = own.map(({ rssMb }) => rssMb.toFixed(0)).join(', ');
  tally.check(`${name}: ${mb} MB, ${growth.toFixed(2)} times its most`, growth <= mostGrowth);
  const handles = own.map((each) => each.handles).join(', ');
  tally.check(`${name}: ${handles} handles`, last.handles <= mostOf(feet, name, 'handles') + mostHandles);
}
