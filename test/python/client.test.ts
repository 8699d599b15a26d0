import { join } from 'node:path';
import { silentLogger } from '@weir/base';
import { type RunningCell, exampleCell, startCell } from '@weir/cell';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Line, describeClient, sample, startClient } from '../support/client-contract.ts';
import { root } from '../support/document.ts';

const python = process.env.WEIR_PYTHON ?? 'python3';
const command = [python, join(root, 'clients/python/client.py')];

describeClient('Python', () => command);

describe('the Python client', () => {
  let cell: RunningCell;
  beforeAll(async () => {
    cell = await startCell(exampleCell({ devices: 1 }), { logger: silentLogger });
  });
  afterAll(() => cell?.[Symbol.asyncDispose]());

  async function client(...argv: string[]): Promise<Line[]> {
    const { status, lines, stderr } = await startClient(command, cell.devices[0]!.address, ...argv).ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return lines;
  }

  it('tells where the time went', async () => {
    const [{ responseMs, hopsMs }] = (await client(sample(3))) as [Line];
    const sum = Object.values(hopsMs!).reduce((total, hop) => total + hop, 0);
    // Each figure is rounded to 0.01 ms.
    expect(Math.abs(sum - responseMs!)).toBeLessThan(0.1);
  });

  it('tells what its pictures showed, and learns how accurate the agent has been', async () => {
    const truthOf = async (...argv: string[]) => (await client(...argv)).at(-1);
    const { label } = (await client(sample(5)))[0]!;
    expect(await truthOf(sample(5), '--truth', label!)).toMatchObject({ refused: {}, labelled: 1, right: 1 });
    expect(await truthOf(sample(6), '--truth', 'giraffe')).toMatchObject({
      refused: { 'scene-0006.png': expect.stringContaining('labels of the model family') as string },
      labelled: 1,
    });
  });
});
