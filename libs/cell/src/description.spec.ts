import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInput } from '@weir/base';
import { linkProfiles } from '@weir/link';
import { afterAll, describe, expect, it } from 'vitest';
import { type CellDescriptionInput, describeCell, readCellDescription } from './description.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-cell-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cell = (changes: object = {}): CellDescriptionInput => ({
  nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 4 }],
  devices: [{ id: 'device-1', dilationFactor: 10 }],
  ...changes,
});
const fields = (input: CellDescriptionInput) => {
  try {
    describeCell(input);
    return [];
  } catch (error) {
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
};

describe('describeCell', () => {
  it('fills in what is left out', () => {
    expect(describeCell(cell())).toMatchObject({
      cellId: 'cell-1',
      learner: 'planner',
      objective: {
        accuracyFloor: 0,
        deadlineMs: 10_000,
        allowedTiers: ['device', 'edge', 'cloud'],
        maxLooks: 2,
      },
      devices: [{ id: 'device-1', links: 'regular', variants: [] }],
      links: { regular: { edge: { delayMs: linkProfiles.regular.edge.delayMs } } },
    });
  });

  it.each([
    ['an unknown key', { speed: 3 }, 'cell'],
    ['no devices', { devices: [] }, 'devices'],
    ['two members of one name', { devices: [{ id: 'edge-1', dilationFactor: 1 }] }, 'devices'],
    ['a reserved name', { devices: [{ id: 'policy', dilationFactor: 1 }] }, 'devices'],
    ['an id that is no file name', { devices: [{ id: '../x', dilationFactor: 1 }] }, 'devices.0.id'],
    ['a floor above 1', { objective: { accuracyFloor: 85 } }, 'objective.accuracyFloor'],
    ['three looks', { objective: { maxLooks: 3 } }, 'objective.maxLooks'],
    ['a target that is none', { targets: ['cloud-9=cloud@nowhere'] }, 'targets.0'],
    ['a target named as a node', { targets: ['edge-1=edge@h:1;protocol=oip'] }, 'devices'],
    ['a negative speed', { devices: [{ id: 'd', dilationFactor: -1 }] }, 'devices.0.dilationFactor'],
  ])('refuses %s', (_what, changes, field) => {
    expect(fields(cell(changes))).toEqual([field]);
  });
});

describe('readCellDescription', () => {
  it('reads YAML', () => {
    const file = join(folder, 'cell.yaml');
    writeFileSync(
      file,
      'nodes: [{id: edge-1, tier: edge, slots: 1, dilationFactor: 4}]\ndevices: [{id: d, dilationFactor: 9, links: weak}]',
    );
    expect(readCellDescription(file).devices[0]).toMatchObject({ id: 'd', links: 'weak' });
  });

  it('says which file it cannot read', () => {
    expect(() => readCellDescription('/no/such/cell.yaml')).toThrow(InvalidInput);
  });

  it('takes the example of docs/cell.md, whose links are the default ones', () => {
    const page = readFileSync(new URL('../../../docs/cell.md', import.meta.url), 'utf8');
    const file = join(folder, 'example.yaml');
    writeFileSync(file, /```yaml[^\n]*\n(.*?)```/s.exec(page)![1]!);
    const example = readCellDescription(file);
    expect(example.devices.map(({ id }) => id)).toEqual(['till', 'camera']);
    expect(example.links).toEqual(linkProfiles);
  });

  it('names the file and the key of what is missing, also in an empty one', () => {
    const file = join(folder, 'empty.yaml');
    writeFileSync(file, '');
    expect(() => readCellDescription(file)).toThrow(`${file}: nodes`);
  });
});
