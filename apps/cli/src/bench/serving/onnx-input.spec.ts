import { loadFamily, startRunner, variantNamed } from '@weir/inference';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchModels, writeBenchFamily } from './bench-family.ts';
import { withInputSide } from './onnx-input.ts';

describe('withInputSide', () => {
  it('changes nothing but shapes when the side is what it was', async () => {
    const { path } = variantNamed(await loadFamily(), 'mobilenet-v1-0.25-fp32');
    const model = await readFile(path);
    const once = withInputSide(model, 64);
    expect(withInputSide(once, 64)).toEqual(once);
    expect(withInputSide(withInputSide(model, 224), 64)).toEqual(once);
  });

  it.each([[Uint8Array.of(0x0b)], [Uint8Array.of(0x3a, 0x7f)], [Uint8Array.of(0x80)]])(
    'refuses what is no model: %s',
    (bytes) => expect(() => withInputSide(bytes, 64)).toThrow('not an ONNX model'),
  );
});

describe('the family of the benchmark', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'weir-bench-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('runs at its sides', async () => {
    await writeBenchFamily(folder, await loadFamily());
    await using runner = await startRunner({ family: await loadFamily(folder) });
    for (const { name, side } of benchModels) {
      const shape = [1, 3, side, side];
      const tensor = new Uint8Array(4 * 3 * side * side);
      const answer = await runner.run({ variant: name, input: { tensor, shape, dtype: 'float32' } });
      expect(answer.confidence).toBeGreaterThan(0);
    }
  });
});
