import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { Placement } from '@weir/domain';
import { createStatic, staticSnapshot } from './static.ts';
import { ToyCell } from '../toy-cell.fixture.ts';

const toyObservation = () => new ToyCell(seededRandom(1), { floor: 0 }).observation();

describe('static', () => {
  it('obeys the joint placement that it was given, for good', () => {
    const observation = toyObservation();
    const given = new Map<string, Placement>(
      observation.cell.devices.map(({ id }) => [id, { tier: 'device', nodeId: id, variant: 'small' }]),
    );
    const learner = createStatic();
    learner.restore(staticSnapshot(given));
    learner.observe(observation);
    expect(learner.propose()).toMatchObject({ placements: given, thresholdMs: Infinity, explored: false });
    expect(learner.propose().placements).toEqual(given);
  });

  it('plans the second looks that it was given, over a snapshot too, and none of its own', () => {
    const observation = toyObservation();
    const { id } = observation.cell.devices[0]!;
    const small: Placement = { tier: 'device', nodeId: id, variant: 'small' };
    const look = { placement: { ...small, variant: 'large' }, marginBelow: 0.3, curves: 'v1' };
    const given = new Map([[id, look]]);
    const before = createStatic();
    before.restore(staticSnapshot(new Map([[id, small]]), given));
    const [again, none] = [createStatic(), createStatic()];
    again.restore(before.snapshot());
    none.restore(staticSnapshot(new Map([[id, small]])));
    for (const learner of [again, none]) learner.observe(observation);
    expect([again.propose().secondLooks, again.bestSecondLooks!()]).toEqual([given, given]);
    expect(none.propose().secondLooks).toBeUndefined();
  });

  it('takes snapshots of before there were second looks', () => {
    const { state, ...rest } = staticSnapshot(new Map());
    const { secondLooks: _, ...earlier } = state as { secondLooks: unknown };
    expect(() => createStatic().restore({ ...rest, state: earlier })).not.toThrow();
  });

  it('lets a device that it was given nothing for run its most accurate variant by itself', () => {
    const observation = toyObservation();
    const learner = createStatic();
    learner.observe(observation);
    const [device] = observation.cell.devices;
    expect(learner.best().get(device!.id)).toMatchObject({ tier: 'device', nodeId: device!.id });
  });
});
