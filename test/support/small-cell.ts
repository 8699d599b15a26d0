import { type CellDescription, exampleCell } from '@weir/cell';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Enough for scenarios that are not about the choice among variants; every slot loads all of its node's. */
export const fewVariants = ['mobilenet-v1-0.25-int8', 'mobilenet-v1-0.50-int8'];

/** The example cell with few variants everywhere, which starts in less time. */
export function smallCell(options: Parameters<typeof exampleCell>[0]): CellDescription {
  const { nodes, devices, ...example } = exampleCell(options);
  return {
    ...example,
    nodes: nodes.map((node) => ({ ...node, variants: fewVariants })),
    devices: devices.map((device) => ({ ...device, variants: fewVariants })),
  };
}

/** A description as a file, until the tests of the file or the block that asks for it are over. */
export function cellFile(description: CellDescription): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-small-cell-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'cell.json');
  writeFileSync(path, JSON.stringify(description));
  return path;
}
