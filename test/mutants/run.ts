import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutants } from './list/index.ts';
import { type Mutant, applyMutant, packageOf } from './mutant.ts';
import { runSpecs } from './run-specs.ts';
import { createSandbox } from './sandbox.ts';

/**
 * `npm run test:mutants`: breaks the code in one place at a time, in copies of it, and expects the specs named for
 * that place to fail. Ends with one line, `N killed, N survived`; fails when any survives, hangs on to a text that the
 * code no longer has, or does not load. Arguments choose: `npm run test:mutants -- balance` runs those with "balance" in
 * their title or file, `-- --part=2/3` every third one, from the second on.
 */
const root = dirname(dirname(import.meta.dirname));
const { values, positionals } = parseArgs({ options: { part: { type: 'string' } }, allowPositionals: true });
const words = positionals.map((word) => word.toLowerCase());
const [, part, parts] = (/^(\d+)\/(\d+)$/.exec(values.part ?? '1/1') ?? []).map(Number);
if (!part || !parts || part > parts) {
  console.error(`--part: expected e.g. 1/3 (got ${values.part})`);
  process.exit(64);
}
const chosen = mutants
  .filter(({ title, file }) => words.every((word) => `${title} ${file}`.toLowerCase().includes(word)))
  .filter((_, at) => at % parts === part - 1);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

let done = 0;
const faults: string[] = [];
const survivors: Mutant[] = [];
let killed = 0;
/** Of specs without a mutant: they end those that hang, and must not end those that a busy machine slows. */
const soundLimits = { specMs: 120_000, runMs: 600_000 };
/** What the slowest spec of each package takes without a mutant, here and now. */
const slowestMs = new Map<string, number>();

// All faults of the list at once, before any time is spent.
for (const mutant of chosen) {
  try {
    applyMutant(mutant, readFileSync(join(root, mutant.file), 'utf8'));
  } catch (fault) {
    faults.push((fault as Error).message);
  }
}
if (faults.length === 0) {
  await inParallel(soundSpecs(), async (sandbox, specs) => {
    const { verdict, failed, output, ...sound } = await runSpecs(sandbox, specs, soundLimits, stop.signal);
    slowestMs.set(packageOf(specs[0]!), sound.slowestMs);
    if (verdict !== 'passed' && !stop.signal.aborted)
      faults.push(
        `${packageOf(specs[0]!)} fails without any mutant: ${failed[0] ? `${failed[0].name}\n${failed[0].why}` : output}`,
      );
  });
}
if (faults.length === 0) await inParallel(chosen, kill);

for (const fault of faults) console.log(`\nfault: ${fault}`);
for (const { title, file, find, replace, specs } of survivors)
  console.log(`\nsurvived: ${title} (${file})\n- ${find}\n+ ${replace}\n  unnoticed by ${specs.join(', ')}`);
if (stop.signal.aborted) console.log('\ninterrupted; the working tree is as it was');
console.log(`${killed} killed, ${survivors.length} survived`);
process.exitCode = stop.signal.aborted || faults.length > 0 || survivors.length > 0 || killed === 0 ? 1 : 0;

async function kill(sandbox: string, mutant: Mutant): Promise<void> {
  const startedAt = performance.now();
  const path = join(sandbox, mutant.file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, applyMutant(mutant, source));
  // A mutant that leaves a promise unsettled hangs; one that is only slow, as the machine is, must not count as killed.
  const specMs = Math.ceil(Math.max(10_000, 5 * (slowestMs.get(packageOf(mutant.file)) ?? 0)));
  const limits = { specMs, runMs: Math.max(180_000, 2 * specMs) };
  const { verdict, failed, output } = await runSpecs(sandbox, mutant.specs, limits, stop.signal);
  writeFileSync(path, source);
  if (stop.signal.aborted) return;
  if (verdict === 'passed') survivors.push(mutant);
  else if (verdict === 'broken') faults.push(`mutant "${mutant.title}" does not run:\n${output}`);
  else killed++;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const word = { passed: 'SURVIVED', failed: 'killed', 'timed out': 'killed (timed out)', broken: 'BROKEN' }[
    verdict
  ];
  const by = failed[0] ? ` ← ${failed[0].name}` : '';
  console.log(`${++done}/${chosen.length} ${word} ${seconds} s: ${mutant.title} (${mutant.file})${by}`);
}

/** A spec that fails by itself would kill everything: all of them must pass on the code as it is. */
function soundSpecs(): string[][] {
  const specs = [...new Set(chosen.flatMap((mutant) => mutant.specs))];
  return [...Map.groupBy(specs, packageOf).values()];
}

/** One sandbox a processor; each takes the next of `work` when it is free. */
async function inParallel<T>(
  work: readonly T[],
  run: (sandbox: string, item: T) => Promise<void>,
): Promise<void> {
  const queue = [...work];
  const workers = Array.from({ length: Math.min(queue.length, availableParallelism()) }, async () => {
    using sandbox = createSandbox(root);
    while (!stop.signal.aborted) {
      const item = queue.shift();
      if (item === undefined) return;
      try {
        await run(sandbox.path, item);
      } catch (error) {
        // The others end as well, so that no sandbox stays behind.
        faults.push((error as Error).stack ?? String(error));
        stop.abort();
      }
    }
  });
  await Promise.all(workers);
}
