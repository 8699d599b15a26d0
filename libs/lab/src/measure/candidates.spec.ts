import { staticSnapshot } from '@weir/learning';
import { describe, expect, it } from 'vitest';
import { learnersOf, placed, unableIn } from './candidates.ts';
import type { PlacedDevice } from './results.ts';
import type { Testbed } from './testbed.ts';

/** A testbed that notes what it is told, and whose learner has learned as much as the number of exports says. */
function fakeTestbed() {
  const told: string[] = [];
  let exports = 0;
  const snapshotNumber = (outcomes: number) => ({
    ...staticSnapshot(new Map(), new Map()),
    learner: 'planner',
    state: { outcomes },
  });
  const testbed = {
    importSnapshot: (snapshot: { learner: string; state: unknown }) => {
      const { outcomes } = snapshot.state as { outcomes?: number };
      told.push(`import ${snapshot.learner}${exports > 0 && outcomes ? ` ${outcomes}` : ''}`);
      return Promise.resolve();
    },
    exportSnapshot: () => Promise.resolve(snapshotNumber(++exports)),
    setLearner: (learner: string) => Promise.resolve(void told.push(`set ${learner}`)),
    place: (placements: readonly PlacedDevice[]) =>
      Promise.resolve(void told.push(`place ${placements.length}`)),
  } as unknown as Testbed;
  return { testbed, told };
}

describe('candidates', () => {
  it('look as often as the scenario lets the planner, baselines once', () => {
    const looks = (most: number) =>
      learnersOf(['planner', 'planner-one-look', 'offload-only', './mine.ts'], { looks: most }).map(
        ({ label, maxLooks }) => [label, maxLooks],
      );
    expect(looks(2)).toEqual([
      ['planner', 2],
      ['planner-one-look', 1],
      ['offload-only', 1],
      ['mine.ts', 2],
    ]);
    expect(looks(1).map(([, most]) => most)).toEqual([1, 1, 1, 1]);
  });

  it('that are one learner to the service keep apart what they know', async () => {
    const { testbed, told } = fakeTestbed();
    const [two, one] = learnersOf(['planner', 'planner-one-look'], { looks: 2 });
    for (const candidate of [two!, one!]) {
      await candidate.start(testbed);
      await candidate.leave!(testbed);
    }
    await one!.resume(testbed);
    await one!.leave!(testbed);
    await two!.resume(testbed);
    expect(told).toEqual(['import planner', 'import planner', 'import planner 2', 'import planner 1']);
  });

  it('that are not go on where the service has them', async () => {
    const { testbed, told } = fakeTestbed();
    const [planner] = learnersOf(['planner', 'offload-only'], { looks: 2 });
    expect(planner!.leave).toBeUndefined();
    await planner!.resume(testbed);
    expect(told).toEqual(['set planner']);
  });

  it('that are tuned in hindsight are placed, with as many looks as they need', async () => {
    const { testbed, told } = fakeTestbed();
    const home: PlacedDevice = { deviceId: 'a', tier: 'device', nodeId: 'a', variant: 'small' };
    const secondLook = { tier: 'edge', nodeId: 'edge-1', variant: 'large', marginBelow: 0.3 } as const;
    const tuned = new Map([['threshold', { placements: [{ ...home, secondLook }], meanMs: 1, right: 1 }]]);
    const [threshold] = learnersOf(['threshold'], { looks: 2, tuned });
    expect(threshold).toMatchObject({ label: 'threshold', maxLooks: 2, learns: false });
    await threshold!.start(testbed);
    expect(told).toEqual(['place 1']);
    expect(placed('oracle', [home]).maxLooks).toBe(1);
  });

  it('are without those that cannot meet the floor', () => {
    const tuned = new Map([['hi-lcb', undefined]]);
    expect(learnersOf(['hi-lcb', 'planner'], { looks: 2, tuned }).map(({ label }) => label)).toEqual([
      'planner',
    ]);
    expect(unableIn(tuned)).toEqual(['hi-lcb']);
  });

  it('that learn though they are tuned begin with what they were given', async () => {
    const { testbed, told } = fakeTestbed();
    const tuned = new Map([
      ['hi-lcb', { first: 'small', second: 'large', nodeOf: { a: 'edge-1' }, priceMs: 700 }],
    ]);
    const snapshots: { state: unknown }[] = [];
    const importSnapshot = (snapshot: { learner: string; state: unknown }) => {
      snapshots.push(snapshot);
      return Promise.resolve();
    };
    const [bandit] = learnersOf(['hi-lcb'], { looks: 2, tuned });
    expect(bandit).toMatchObject({ label: 'hi-lcb', maxLooks: 2, learns: true });
    await bandit!.start({ ...testbed, importSnapshot });
    expect(snapshots).toMatchObject([{ state: { options: { nodeOf: { a: 'edge-1' }, priceMs: 700 } } }]);
    await bandit!.resume(testbed);
    expect(told).toEqual(['set hi-lcb']);
  });
});
