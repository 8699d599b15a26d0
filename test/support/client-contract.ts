import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@weir/base';
import { type RunningCell, startCell } from '@weir/cell';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askedToWaitMs, awkwardAgent } from './awkward-agent.ts';
import { smallCell } from './small-cell.ts';

/** A line of a client's output. */
export interface Line {
  picture: string;
  label?: string;
  confidence?: number;
  placement?: string;
  reason?: string;
  responseMs?: number;
  hopsMs?: Record<string, number>;
  traceparent?: string;
  failure?: string;
  code?: number;
}

export interface ClientRun {
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<{
    readonly status: number | null;
    readonly lines: Line[];
    readonly stderr: string;
  }>;
}

const samples = new URL('../../libs/inference/models/samples/', import.meta.url).pathname;
export const sample = (number: number) => `${samples}scene-000${number}.png`;

export function startClient(command: readonly string[], ...argv: string[]): ClientRun {
  const child = spawn(command[0]!, [...command.slice(1), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([status]) => {
    const lines = stdout.split('\n').filter((line) => line !== '');
    return { status: status as number | null, lines: lines.map((line) => JSON.parse(line) as Line), stderr };
  });
  return { child, ended };
}

/** What docs/clients.md promises of its programs. `command`: runs one, once its `beforeAll` is done. */
export function describeClient(name: string, command: () => readonly string[]): void {
  describe(`the ${name} client over a living cell`, () => {
    let cell: RunningCell;
    beforeAll(async () => {
      cell = await startCell(smallCell({ devices: 1 }), { logger: silentLogger });
    });
    afterAll(() => cell?.[Symbol.asyncDispose]());

    it('prints what its pictures show and where that was found out, within its own trace', async () => {
      const traceId = randomBytes(16).toString('hex');
      const trace = ['--traceparent', `00-${traceId}-00f067aa0ba902b7-01`];
      const pictures = [0, 1, 2].map(sample);
      const { status, lines, stderr } = await startClient(
        command(),
        ...trace,
        cell.devices[0]!.address,
        ...pictures,
      ).ended;
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(lines.map(({ picture }) => picture).sort()).toEqual(
        pictures.map((path) => path.slice(samples.length)),
      );
      for (const { label, confidence, placement, reason, responseMs, traceparent } of lines) {
        expect(label).toMatch(/\w/);
        expect(confidence).toBeGreaterThan(0);
        expect(placement).toMatch(/^(device-1|edge-1|cloud-1) mobilenet/);
        expect(reason).toMatch(/^REASON_(PLANNED|EXPLORED|DEVIATED|FALLBACK|UNSURE)$/);
        expect(responseMs).toBeGreaterThan(0);
        expect(traceparent).toContain(traceId);
      }
    });
  });

  describe(`the ${name} client over an agent that makes difficulties`, () => {
    it('sends again what was refused for now or lost, when it was asked to, and nothing else', async () => {
      await using awkward = await awkwardAgent();
      const pictures = [0, 1, 2, 3].map(sample);
      const { status, lines } = await startClient(command(), awkward.address, ...pictures).ended;
      expect(status).toBe(0);
      expect(lines.map(({ picture }) => picture).sort()).toEqual(
        pictures.map((path) => path.slice(samples.length)),
      );
      const asked = awkward.rounds.map((round) => round.asked);
      expect(asked.map(({ length }) => length)).toEqual([4, expect.any(Number), 2]);
      expect(asked[1]).not.toContain(lines[0]!.picture);
      expect(asked[2]).not.toContain(lines[1]!.picture);
      const [first, second] = awkward.rounds;
      // Counted from when the refusal was received, which may be a moment before the stream ended here.
      expect(second!.beganAt - first!.beganAt).toBeGreaterThanOrEqual(askedToWaitMs);
    });

    it('gives up on a frame that fails for good, and on that alone', async () => {
      await using awkward = await awkwardAgent();
      const broken = await temporaryFile('broken.png');
      const { status, lines } = await startClient(command(), awkward.address, sample(0), broken.path).ended;
      await broken.remove();
      expect(status).toBe(0);
      expect(lines.find(({ picture }) => picture === 'broken.png')).toMatchObject({
        code: 3,
        failure: 'input: no picture',
      });
      expect(lines.find(({ picture }) => picture === 'scene-0000.png')).toMatchObject({ label: 'boat' });
      expect(awkward.rounds).toHaveLength(1);
    });

    it('ends with its deadline, and says so', async () => {
      await using awkward = await awkwardAgent({ mute: true });
      const within = name === 'Go' ? '1s' : '1';
      const client = startClient(command(), '--within', within, awkward.address, sample(0));
      const { status, lines, stderr } = await client.ended;
      expect(status).not.toBe(0);
      expect(lines).toEqual([]);
      expect(stderr).toMatch(/deadline.?exceeded/i);
      expect(await awkward.rounds[0]!.left).toMatch(/^(DeadlineExceeded|Cancelled)$/);
    });

    it('cancels its call on Ctrl-C', async () => {
      await using awkward = await awkwardAgent({ mute: true });
      const client = startClient(command(), awkward.address, sample(0));
      await awkward.asked;
      client.child.kill('SIGINT');
      expect(await awkward.rounds[0]!.left).toBe('Cancelled');
      expect((await client.ended).status).not.toBe(0);
    });
  });
}

async function temporaryFile(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-client-'));
  await writeFile(join(folder, name), 'not a picture');
  return { path: join(folder, name), remove: () => rm(folder, { recursive: true }) };
}
