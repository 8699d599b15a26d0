import type { GridCell } from '@weir/lab';
import { describe, expect, it } from 'vitest';
import { gridTable } from './grid-table.ts';

const at = (meanMs: number) => ({ meanMs, accuracy: 0.86 });
const cell: GridCell = {
  experiment: 'B',
  floor: { label: 'best-0.9', value: 0.859 },
  users: 5,
  rules: {
    'offload-only': at(400),
    'planner-one-look': at(200),
    'oracle-one-look': at(190),
    'escalate-25': null,
    threshold: at(125),
    'hi-lcb': at(130),
    planner: at(100),
    'oracle-two-looks': at(100),
  },
  floorViolations: 0,
  exact: false,
};

describe('the table of the grid', () => {
  it('sets the planner against one look, the best of the baselines, and the oracle', () => {
    const text = gridTable([cell]);
    const row = text.split('\n').find((line) => line.includes('best-0.9'))!;
    const cells = row.split('│').map((each) => each.trim());
    expect(cells.slice(1, 12)).toEqual([
      'B',
      '5',
      'best-0.9',
      '400',
      '200',
      '190',
      '–',
      '125',
      '130',
      '100',
      '100',
    ]);
    expect(cells.slice(12, 15)).toEqual(['−50.0 %', '−20.0 %', '0.0 % *']);
    expect(text).toContain('* not proven');
  });
});
