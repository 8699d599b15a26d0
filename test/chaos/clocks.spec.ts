import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { jumpingClocks } from './clocks.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-clocks-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Tells its clocks at the start and for every line that it gets, and those of a thread of it. */
const program = `
  import { Worker } from 'node:worker_threads';
  const tell = 'port => port(JSON.stringify([Date.now(), new Date().getTime(), performance.timeOrigin + performance.now()]))';
  const worker = new Worker(\`import('node:worker_threads').then(({ parentPort }) =>
    parentPort.on('message', () => (\${tell})((text) => parentPort.postMessage(text))))\`, { eval: true });
  worker.on('message', (text) => console.log(text));
  const own = eval(tell);
  own(console.log);
  process.stdin.on('data', () => { own(console.log); worker.postMessage(''); });
  process.stdin.on('end', () => process.exit());
`;
const hourMs = 3_600_000;
/** Longer than any process takes for an answer, and far less than a jump. */
const minuteMs = 60_000;

describe('a process whose clock jumps', () => {
  it('sees it in all its threads while it runs, and lives on in its time when it starts anew', async () => {
    const { CHAOS_CLOCKS: before } = process.env;
    const clocks = jumpingClocks(join(folder, 'clocks'));
    const start = async () => {
      const argv = [
        ...clocks.execArgv,
        '--input-type=module',
        '-e',
        program,
        '--',
        '--device-id',
        'device-1',
      ];
      const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const offsets = async () => {
        const { value } = (await lines.next()) as { value: string };
        return (JSON.parse(value) as number[]).map((at) => Math.round((at - Date.now()) / minuteMs) + 0);
      };
      const ofThreads = () => {
        child.stdin.write('\n');
        return Promise.all([offsets(), offsets()]);
      };
      return { child, offsets, ofThreads };
    };

    const first = await start();
    expect(await first.offsets()).toEqual([0, 0, 0]);
    expect(await first.ofThreads()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    clocks.set('device-1', -hourMs);
    clocks.set('device-2', hourMs);
    await expect.poll(first.ofThreads, { timeout: 20_000 }).toEqual([
      [-60, -60, 0],
      [-60, -60, 0],
    ]);
    first.child.stdin.end();

    const second = await start();
    expect(await second.offsets()).toEqual([-60, -60, -60]);
    second.child.stdin.end();
    if (before === undefined) delete process.env.CHAOS_CLOCKS;
    else process.env.CHAOS_CLOCKS = before;
  });
});
