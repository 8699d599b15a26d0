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

  it('lets a device that it was given nothing for run its most accurate variant by itself', () => {
    const observation = toyObservation();
    const learner = createStatic();
    learner.observe(observation);
    const [device] = observation.cell.devices;
    expect(learner.best().get(device!.id)).toMatchObject({ tier: 'device', nodeId: device!.id });
  });
});
