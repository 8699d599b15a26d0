import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import bench from './bench-observability.ts';

const run = runOf(bench);

// What it measures is tested by `npm run test:observability`.
describe('weir bench observability', () => {
  it.each([
    '--repeats=1',
    '--rounds=0',
    '--sampled=1.5',
    '--in-flight=65',
    '--seconds=0',
    '--models=/nowhere',
    '--nonsense',
  ])('refuses %s', async (flag) => {
    await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
  });
});
