import type { Random } from '@weir/base';
import fc from 'fast-check';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { corpusOf, keep } from './corpus.ts';
import { fileKinds } from './file-kinds.ts';
import type { AskedFile, FileVerdict } from './files-process.ts';
import { Findings, nextSeed, type Tally } from './tally.ts';

/** Longest time for one file, ms. */
const patienceMs = 60_000;

/** Has a process of its own read about so many files of every kind; returns how many they were. */
export async function fuzzFiles({
  files,
  pictures,
  random,
  tally,
  only,
  signal,
}: {
  readonly files: number;
  /** Good ones. */
  readonly pictures: readonly Uint8Array[];
  readonly random: Random;
  readonly tally: Tally;
  /** What the name of a kind must hold. */
  readonly only: string;
  readonly signal: AbortSignal;
}): Promise<number> {
  const kinds = fileKinds(pictures).filter(({ name }) => name.includes(only));
  const whole = kinds.reduce((sum, { weight }) => sum + weight, 0);
  await using reader = new Reader();
  let all = 0;
  for (const { name, files: any, weight } of kinds) {
    const most = Math.ceil((files * weight) / whole);
    const inputs = [...corpusOf(name), ...fc.sample(any, { numRuns: most, seed: nextSeed(random) })];
    const findings = new Findings();
    const verdicts = new Map<string, number>();
    let count = 0;
    for (const input of inputs) {
      if (signal.aborted) break;
      count++;
      const { verdict, text } = await reader.read(name, input);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      if (verdict === 'fault') findings.add(text, () => keep(name, input));
    }
    all += count;
    const told = [...verdicts].sort().map(([verdict, count]) => `${count} ${verdict}`);
    tally.check(`file of the kind ${name}: ${count}, ${told.join(', ')}`, findings.size === 0);
    findings.tell();
  }
  return all;
}

/** The process that reads; started again when a file has ended it. */
class Reader implements AsyncDisposable {
  #child: ChildProcess | undefined;

  async read(kind: string, input: Uint8Array): Promise<FileVerdict> {
    const child = (this.#child ??= await started());
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), patienceMs);
    const asked: AskedFile = { kind, content: Buffer.from(input).toString('base64') };
    const answer = answerOf(child, timeout.signal);
    child.send(asked);
    const verdict = await answer;
    clearTimeout(timer);
    if (child.exitCode !== null || child.signalCode !== null || timeout.signal.aborted) {
      child.kill('SIGKILL');
      this.#child = undefined;
    }
    return verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#child) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

async function started(): Promise<ChildProcess> {
  const child = fork(new URL('./files-process.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { verdict, text } = await answerOf(child, new AbortController().signal);
  if (verdict === 'fault') throw new Error(`the process that reads files does not start: ${text}`);
  return child;
}

function answerOf(child: ChildProcess, timeout: AbortSignal): Promise<FileVerdict> {
  return new Promise((resolve) => {
    const settle = (verdict: FileVerdict) => {
      child.off('message', settle);
      child.off('exit', ended);
      timeout.removeEventListener('abort', hangs);
      resolve(verdict);
    };
    const ended = (code: number | null, signal: string | null) =>
      settle({ verdict: 'fault', text: `the process ended with ${code ?? signal}` });
    const hangs = () => settle({ verdict: 'fault', text: `not read within ${patienceMs} ms` });
    child.on('message', settle);
    child.on('exit', ended);
    timeout.addEventListener('abort', hangs);
  });
}
