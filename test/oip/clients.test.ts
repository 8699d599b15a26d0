import { silentLogger } from '@weir/base';
import { exampleCell, type RunningCell, startCell } from '@weir/cell';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument } from '../support/document.ts';

const python = process.env.WEIR_PYTHON ?? 'python3';
const picture = new URL('../../libs/inference/models/samples/scene-0000.png', import.meta.url).pathname;
const variant = 'mobilenet-v1-0.50-int8';

/** What the script prints. */
async function client<Seen>(script: string, address: string): Promise<Seen> {
  const file = new URL(script, import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(python, [file, address, picture, variant], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return JSON.parse(stdout) as Seen;
}

interface Triton {
  server: {
    live: boolean;
    ready: boolean;
    modelReady: boolean[];
    name: string;
    extensions: string[];
    models: Record<string, string>;
  };
  classify: {
    shape: number[];
    maxBatchSize: number;
    id: string;
    version: string;
    classes: string[];
    scores: number[];
    label: string;
  };
  statistics: {
    inferences: number;
    requests: number;
    computeNs: number;
    successNs: number;
    batches: number[];
  };
  asynchronous: { error: string | null; label: string };
  stream: [id: string | null, error: string | null][];
  aio: { id: string; ready: boolean; streamed: [id: string, error: string | null][] };
  compressed: Record<string, string>;
  refusals: Record<string, [code: string, message: string]>;
  wishes: {
    any: Record<string, string>;
    named: string;
    accurate: number;
    beyond: [code: string, message: string];
    input: [name: string, datatype: string, shape: number[]][];
  };
}
interface KServe {
  live: boolean;
  ready: boolean;
  modelReady: boolean[];
  id: string;
  scores: number[][];
  typed: number[][];
  label: string;
}

let cell: RunningCell;
beforeAll(async () => {
  cell = await startCell(exampleCell({ devices: 1 }), { logger: silentLogger });
});
afterAll(() => cell?.[Symbol.asyncDispose]());

describe.each(['edge-1', 'device-1'])("Triton's client at %s", (process) => {
  let seen: Triton;
  beforeAll(async () => {
    seen = await client<Triton>('triton.py', cell.address(process));
  });

  it('finds out what there is', () => {
    const { models, ...server } = seen.server;
    expect(server).toEqual({
      live: true,
      ready: true,
      modelReady: [true, false, false],
      name: process === 'edge-1' ? 'weir-inference-worker' : 'weir-device-agent',
      extensions: ['classification', 'model_configuration', 'parameters', 'statistics'],
    });
    expect(models[variant]).toBe('READY');
    expect(Object.keys(models)).toHaveLength(process === 'edge-1' ? 8 : 10);
  });

  it('preprocesses as metadata and configuration say, and gets classes of a batch', () => {
    const { classes, label, ...rest } = seen.classify;
    expect(rest).toEqual({
      shape: [-1, 3, 64, 64],
      maxBatchSize: 8,
      id: '42',
      version: '1',
      scores: [2, 10],
    });
    expect(classes).toHaveLength(4);
    expect(classes[0]).toMatch(new RegExp(`^-?\\d+\\.\\d{6}:\\d:${label}$`));
    expect(classes.slice(2)).toEqual(classes.slice(0, 2));
  });

  it('finds its requests in the statistics', () => {
    const { computeNs, successNs, batches, ...counts } = seen.statistics;
    expect(counts).toEqual({ inferences: 2, requests: 1 });
    expect(computeNs).toBeGreaterThan(0);
    expect(successNs).toBeGreaterThan(computeNs);
    expect(batches[0]).toBe(1);
  });

  it('is answered asynchronously, on streams that survive an error, and compressed', () => {
    const { label } = seen.asynchronous;
    expect(seen.asynchronous).toEqual({ error: null, label: 'ankle-boot' });
    expect(seen.stream).toEqual([
      ['0', null],
      [null, expect.stringContaining("Request for unknown model: 'nothing'") as string],
      ['2', null],
    ]);
    expect(seen.aio).toEqual({
      id: 'a',
      ready: true,
      streamed: [
        ['b', null],
        ['c', null],
      ],
    });
    expect(seen.compressed).toEqual({ gzip: label, deflate: label });
  });

  it('is told what is wrong', () => {
    const codes = Object.entries(seen.refusals).map(([what, [code]]) => [what, code]);
    expect(Object.fromEntries(codes)).toEqual({
      model: 'StatusCode.NOT_FOUND',
      version: 'StatusCode.NOT_FOUND',
      input: 'StatusCode.INVALID_ARGUMENT',
      picture: 'StatusCode.INVALID_ARGUMENT',
      output: 'StatusCode.INVALID_ARGUMENT',
      batch: 'StatusCode.INVALID_ARGUMENT',
      load: 'StatusCode.UNAVAILABLE',
      unload: 'StatusCode.UNAVAILABLE',
      sharedMemory: 'StatusCode.UNIMPLEMENTED',
      timeout: expect.stringMatching(/DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED/) as string,
    });
  });
});

describe("Triton's client at an agent", () => {
  it('has it choose, within a floor of its own, or names the variant', async () => {
    const { wishes } = await client<Triton>('triton.py', cell.address('device-1'));
    expect(wishes.any).toMatchObject({
      weir_label: 'ankle-boot',
      weir_node: expect.stringMatching(/^(device|edge|cloud)-1$/) as string,
      weir_variant: expect.stringMatching(/^mobilenet/) as string,
      weir_reason: expect.stringMatching(/^(planned|explored|deviated|fallback)$/) as string,
    });
    expect(wishes.named).toBe(variant);
    expect(wishes.accurate).toBeGreaterThanOrEqual(0.865);
    expect(wishes.beyond).toEqual([
      'StatusCode.FAILED_PRECONDITION',
      expect.stringContaining('the frame asks for an accuracy of 0.99') as string,
    ]);
    expect(wishes.input).toEqual([['image', 'BYTES', [-1, 1]]]);
  });
});

describe('docs/oip.md', () => {
  it('shows a program that runs as it stands', async () => {
    const { blocks } = await readDocument('docs/oip.md');
    const program = blocks.find(({ language }) => language === 'python')!.text;
    expect(program).toContain('127.0.0.1:7000');
    const here = program.replace('127.0.0.1:7000', cell.address('device-1'));
    const root = new URL('../../', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(python, ['-c', here], { cwd: root });
    expect(stdout).toMatch(
      /^ankle-boot (device|edge|cloud)-1 mobilenet[\w.-]+\n\[\[b'[\d.]+:9:ankle-boot' b'/,
    );
  });
});

describe.each(['edge-1', 'device-1'])("KServe's client at %s", (process) => {
  it('is answered the same, typed or raw', async () => {
    const { scores, typed, ...seen } = await client<KServe>('kserve_client.py', cell.address(process));
    expect(seen).toEqual({
      live: true,
      ready: true,
      modelReady: [true, false],
      id: 'k1',
      label: expect.stringContaining('ankle-boot') as string,
    });
    expect(scores[0]).toHaveLength(10);
    expect(typed).toEqual(scores);
  });
});
