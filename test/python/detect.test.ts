import { silentLogger } from '@weir/base';
import { exampleCell, type RunningCell, startCell } from '@weir/cell';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importDetectors } from '../support/detectors.ts';

const python = process.env.WEIR_PYTHON ?? 'python3';

interface Detected {
  readonly placement: string;
  readonly outputs: Readonly<Record<string, { readonly shape: number[]; readonly values: number[] }>>;
}

describe('the Python client of a cell of detectors', () => {
  const open = new AsyncDisposableStack();
  let cell: RunningCell;
  beforeAll(async () => {
    const { directory } = open.use(await importDetectors());
    const description = { ...exampleCell({ devices: 1, accuracyFloor: 0.3 }), models: directory };
    cell = open.use(await startCell(description, { logger: silentLogger }));
  });
  afterAll(() => open.disposeAsync());

  function detect(...argv: string[]): unknown {
    const script = new URL('detect.py', import.meta.url).pathname;
    const { stdout, stderr } = spawnSync(python, [script, cell.devices[0]!.address, ...argv], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  it('sends tensors and reads boxes, scores and which of them are kept', () => {
    const { placement, outputs } = detect('--side', '64') as Detected;
    expect(placement).toMatch(/^(device-1|edge-1|cloud-1) detector-/);
    expect(outputs.boxes!.shape).toEqual([1, 16, 4]);
    expect(outputs.boxes!.values).toHaveLength(64);
    for (const value of [...outputs.boxes!.values, ...outputs.scores!.values]) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
    }
    for (const index of outputs.kept!.values) expect(index).toBeLessThan(16);
  });

  it('is told what is wrong with its tensors', () => {
    expect(detect('--side', '4')).toMatchObject({
      code: 'INVALID_ARGUMENT',
      failure: expect.stringContaining('input.tensors: the model fails on these inputs') as string,
    });
  });
});
