import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@weir/base';
import { type RunningCell, exampleCell, startCell } from '@weir/cell';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const samples = new URL('../../libs/inference/models/samples/', import.meta.url).pathname;
const python = process.env.WEIR_PYTHON ?? 'python3';

interface Line {
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

let cell: RunningCell;
beforeAll(async () => {
  cell = await startCell(exampleCell({ devices: 1 }), { logger: silentLogger });
});
afterAll(() => cell?.[Symbol.asyncDispose]());

/** Runs a script that prints lines of JSON. */
function run<T>(script: string, ...argv: string[]): { status: number | null; lines: T[] } {
  const { status, stdout, stderr } = spawnSync(python, [new URL(script, import.meta.url).pathname, ...argv], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  return { status, lines: lines.map((line) => JSON.parse(line) as T) };
}

describe('a strict pool of descriptors', () => {
  it.each([
    ['device-1', 'weir.agent.v1.DeviceAgent/Infer', 'weir.common.v1.Placement'],
    ['edge-1', 'weir.worker.v1.InferenceWorker/Infer', 'weir.common.v1.Classification'],
    ['policy', 'weir.policy.v1.PolicyService/GetObjective', 'weir.common.v1.Objective'],
    ['telemetry', 'weir.telemetry.v1.Telemetry/GetCell', 'weir.common.v1.NodeLoad'],
  ])('resolves every type that %s tells of', (process, method, type) => {
    const { status, lines } = run<{ method: string; types: string[]; answer?: string }>(
      'reflect.py',
      cell.address(process),
    );
    expect(status).toBe(0);
    const of = (name: string) => lines.find((line) => line.method === name);
    expect(of(method)?.types).toContain(type);
    expect(of('grpc.health.v1.Health/Check')?.answer).toContain('SERVING');
    for (const version of ['v1', 'v1alpha'])
      expect(of(`grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`)?.types).toContain(
        `grpc.reflection.${version}.ServerReflectionResponse`,
      );
    if (process === 'device-1')
      expect(of('weir.agent.v1.DeviceAgent/GetStatus')?.answer).toContain('device_id: "device-1"');
  });
});

describe('the Python client', () => {
  const client = (...argv: string[]) => run<Line>('client.py', cell.devices[0]!.address, ...argv);

  it('streams pictures and prints what they show, where that was found out, and where the time went', () => {
    const pictures = ['scene-0000.png', 'scene-0001.png', 'scene-0002.png'];
    const { status, lines } = client(...pictures.map((file) => samples + file));
    expect(status).toBe(0);
    expect(lines.map(({ picture }) => picture).sort()).toEqual(pictures);
    for (const { label, confidence, placement, reason, responseMs, hopsMs } of lines) {
      expect(label).toMatch(/\w/);
      expect(confidence).toBeGreaterThan(0);
      expect(placement).toMatch(/^(device-1|edge-1|cloud-1) mobilenet/);
      expect(reason).toMatch(/^REASON_/);
      const sum = Object.values(hopsMs!).reduce((total, hop) => total + hop, 0);
      // Each figure is rounded to 0.01 ms.
      expect(Math.abs(sum - responseMs!)).toBeLessThan(0.1);
    }
  });

  it('keeps its own trace', () => {
    const traceId = randomBytes(16).toString('hex');
    const { lines } = client(
      samples + 'scene-0003.png',
      '--traceparent',
      `00-${traceId}-00f067aa0ba902b7-01`,
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]!.traceparent).toContain(traceId);
  });

  it('tells what its pictures showed, and learns how accurate the agent has been', () => {
    const [first, second] = ['scene-0005.png', 'scene-0006.png'].map((file) => samples + file) as [
      string,
      string,
    ];
    const truthOf = (...argv: string[]) => client(...argv).lines.at(-1);
    const { label } = client(first).lines[0]!;
    expect(truthOf(first, '--truth', label!)).toMatchObject({ refused: {}, labelled: 1, right: 1 });
    expect(truthOf(second, '--truth', 'giraffe')).toMatchObject({
      refused: { 'scene-0006.png': expect.stringContaining('labels of the model family') as string },
      labelled: 1,
    });
  });

  it('is told about a broken picture alone, and has the others answered', () => {
    const broken = join(mkdtempSync(join(tmpdir(), 'weir-python-')), 'broken.png');
    writeFileSync(broken, 'not a picture');
    const { status, lines } = client(broken, samples + 'scene-0004.png');
    expect(status).toBe(0);
    expect(lines.find(({ picture }) => picture === 'broken.png')).toMatchObject({
      code: 3,
      failure: expect.stringMatching(/\w/) as string,
    });
    expect(lines.find(({ picture }) => picture === 'scene-0004.png')?.label).toMatch(/\w/);
  });
});
