import { finish } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Beliefs } from '../beliefs/beliefs.ts';
import type { CellObservation } from '../learner.ts';
import { Calibrations } from './calibrations.ts';

/** Counts what is learned instead of learning it. */
function counted() {
  const learned: [string, number][] = [];
  const beliefs = new Beliefs();
  beliefs.observeLocal = (deviceId, _variant, ms) => void learned.push([deviceId, ms]);
  beliefs.observeCompute = ({ nodeId }, ms) => void learned.push([nodeId, ms]);
  const calibrations = new Calibrations();
  /** What each device brings: of itself, and of the edge. */
  const learn = (devices: Record<string, { own?: number; edge?: number }>) => {
    const given = Object.entries(devices).map(([deviceId, { own, edge }]) => ({
      deviceId,
      calibration: new Map(own === undefined ? [] : [['v', own]]),
      links: [{ nodeId: 'edge', services: new Map(edge === undefined ? [] : [['v', edge]]) }],
    }));
    finish(calibrations.learn({ devices: given } as unknown as CellObservation, beliefs));
    return learned.splice(0);
  };
  return { calibrations, learn };
}

describe('self-measurements', () => {
  it('are learned from once, however often they are repeated', () => {
    const { learn } = counted();
    expect(learn({ a: { own: 100, edge: 20 } })).toEqual([
      ['a', 100],
      ['edge', 20],
    ]);
    expect(learn({ a: { own: 100, edge: 20 } })).toEqual([]);
    expect(learn({ a: { own: 110, edge: 20 } })).toEqual([['a', 110]]);
  });

  it('are not learned again from a device that has not heard of the newer one yet', () => {
    const { learn } = counted();
    learn({ a: { edge: 20 }, b: { edge: 20 } });
    expect(learn({ a: { edge: 30 }, b: { edge: 20 } })).toEqual([['edge', 30]]);
    expect(learn({ a: { edge: 30 }, b: { edge: 20 } })).toEqual([]);
  });

  it('of a node that three devices reach need two that bring the same', () => {
    const { learn } = counted();
    expect(learn({ liar: { edge: 1 }, b: { edge: 20 }, c: { edge: 20 } })).toEqual([['edge', 20]]);
    expect(learn({ liar: { edge: 2 }, b: { edge: 20 }, c: { edge: 20 } })).toEqual([]);
  });

  it('are not learned again after a restart', () => {
    const { calibrations, learn } = counted();
    learn({ a: { own: 100 } });
    const after = counted();
    after.calibrations.restore(calibrations.state());
    expect(after.learn({ a: { own: 100 } })).toEqual([]);
  });
});
