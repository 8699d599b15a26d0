import { describeCell } from '@weir/cell';
import { expectedAccuracy, loadFamily } from '@weir/inference';
import { describe, expect, it } from 'vitest';
import { refuseUnreachableFloors } from './reachable-floors.ts';
import { parseScenario } from './scenario.ts';

const family = await loadFamily();
const [small] = [...family.variants].sort((a, b) => expectedAccuracy(a) - expectedAccuracy(b));
const best = Math.max(...family.variants.map(expectedAccuracy));
const whole = describeCell({ nodes: [], devices: [{ id: 'a', dilationFactor: 1 }] });
const refuse = (more: object, cell = whole) =>
  refuseUnreachableFloors(
    parseScenario({ name: 'x', cell: { experiment: 'A' }, epochs: {}, ...more }),
    cell,
    family,
  );

describe('the floors that a cell can reach', () => {
  it.each(['none', '80', '85', '89', 'best', 'best-0.9', 'best-0', 0, best])('include %s', (floor) => {
    expect(() => refuse({ floor })).not.toThrow();
  });

  it('end at the most accurate variant of the family, which is named', () => {
    expect(() => refuse({ floor: 0.89 })).toThrow(
      `floor: 0.89 is more than this cell can reach: at most ${best}, the accuracy of mobilenet-v1-1.00-`,
    );
  });

  it('end at the most accurate variant that a device or a node of the cell serves', () => {
    const variants = [small!.name];
    const node = { id: 'edge', tier: 'edge' as const, slots: 1, dilationFactor: 1 };
    const devices = [{ id: 'a', dilationFactor: 1, variants }];
    expect(() => refuse({ floor: best }, describeCell({ nodes: [], devices }))).toThrow(small!.name);
    expect(() => refuse({ floor: best }, describeCell({ nodes: [node], devices }))).not.toThrow();
  });

  it('begin at nothing', () => {
    expect(() => refuse({ floor: 'best-87' })).toThrow(
      /^floor: best-87 is less than nothing: the best is 0\.868/,
    );
  });

  it('are those of the cell that a snapshot is learned in, too', () => {
    const transfer = { from: { floor: 0.95 } };
    expect(() => refuse({ epochs: undefined, transfer })).toThrow(/^transfer\.from\.floor: 0\.95/);
  });
});
