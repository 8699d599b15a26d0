import { finish, seededRandom } from '@weir/base';
import { defaultObjective, type Objective } from '@weir/domain';
import { createLearner, type Learner } from '@weir/learning';
import { describe, expect, it } from 'vitest';
import { deviceHello, edge, outcome } from '../sessions/agent.fixture.ts';
import type { InternalErrors } from '../internal-errors.ts';
import { CellLearner } from './learner.ts';
import { createFastestMean } from './learner.fixture.ts';
import { Members } from './members.ts';

function learnerOf(
  members: Members,
  {
    learner = createFastestMean(),
    errors = { report: () => {} },
    objective = defaultObjective,
    onDrift = () => {},
  }: { learner?: Learner; errors?: InternalErrors; objective?: Objective; onDrift?: () => void } = {},
) {
  const observation = () => members.observationInSteps(0, members.cell('c', objective));
  return new CellLearner({ learner, errors, observation, onDrift });
}

describe('CellLearner', () => {
  it('learns from outcomes that are there before the first plan', () => {
    const members = new Members();
    const cell = learnerOf(members, { learner: createLearner('planner', { random: seededRandom(1) }) });
    members.add(deviceHello('a'));
    cell.joined();
    cell.learn([outcome('a')]);
    expect(cell.current.status().outcomes).toBe(1);
  });

  it('tells no learner of a cell without devices', () => {
    const members = new Members();
    const cell = learnerOf(members);
    const learner = createFastestMean('another');
    const observed: number[] = [];
    learner.observe = ({ devices }) => void observed.push(devices.length);
    cell.replace(learner);
    members.add(deviceHello('a'));
    cell.observe();
    expect(observed).toEqual([1]);
  });

  it('learns the rest of a batch when the learner cannot take one outcome, and reports that one', () => {
    const learner: Learner = createFastestMean();
    const { learn } = learner;
    const fault = new TypeError('broken');
    learner.learn = (outcomes) => {
      if (outcomes.some(({ responseMs }) => responseMs === 13)) throw fault;
      learn(outcomes);
    };
    const reported: unknown[][] = [];
    const errors: InternalErrors = { report: (...report) => void reported.push(report) };
    const poison = outcome('a', { responseMs: 13 });
    learnerOf(new Members(), { learner, errors }).learn([outcome('a'), poison, outcome('b'), outcome('c')]);
    expect(learner.status().outcomes).toBe(3);
    expect(reported).toEqual([['learn', fault, { outcome: poison }]]);
  });

  it('says when the learner notices a change of the cell', () => {
    const learner: Learner = createFastestMean();
    const { learn, status } = learner;
    let driftAlarms = 0;
    learner.status = () => ({ ...status(), driftAlarms });
    learner.learn = (outcomes) => {
      if (outcomes.some(({ responseMs }) => responseMs > 100)) driftAlarms++;
      learn(outcomes);
    };
    let drifts = 0;
    const cell = learnerOf(new Members(), { learner, onDrift: () => drifts++ });
    cell.learn([outcome('a')]);
    expect(drifts).toBe(0);
    cell.learn([outcome('a', { responseMs: 200 })]);
    expect(drifts).toBe(1);
  });

  it('plans as well as it can when the floor cannot be met, and throws what else the learner throws', () => {
    const members = new Members();
    const { local } = deviceHello('a');
    const weak = { ...local, node: { ...local.node, variants: ['small'] } };
    members.add(deviceHello('a', { local: weak, targets: [edge({ reachable: false })] }));
    const objective = { ...defaultObjective, accuracyFloor: 0.85 };
    const cell = learnerOf(members, { objective });
    expect(finish(cell.propose()).placements.get('a')).toMatchObject({ tier: 'device', variant: 'small' });
    cell.current.propose = () => {
      throw new TypeError('broken');
    };
    expect(() => finish(cell.propose())).toThrow(TypeError);
  });

  it('tells the learner again of a device that joined while a plan was made, or whose plan was given up', () => {
    const members = new Members();
    members.add(deviceHello('a'));
    const learner: Learner = createFastestMean();
    const told: string[][] = [];
    learner.observe = ({ cell }) => void told.push(cell.devices.map(({ id }) => id));
    learner.planInSteps = function* (observation) {
      learner.observe(observation);
      yield;
      return createFastestMean().propose();
    };
    const cell = learnerOf(members, { learner });
    const plan = cell.propose();
    plan.next();
    members.add(deviceHello('b'));
    cell.joined();
    plan.return(undefined as never);
    cell.learn([outcome('b')]);
    cell.learn([outcome('b')]);
    const givenUp = cell.propose();
    givenUp.next();
    givenUp.return(undefined as never);
    cell.learn([outcome('b')]);
    const both = ['a', 'b'];
    expect(told).toEqual([['a'], both, both, both]);
  });

  describe.each(['q-learning', 'dqn', 'hybrid'])(
    'with %s, which takes no device without an action,',
    (name) => {
      const { local } = deviceHello('b');
      const nothing = { ...local, node: { ...local.node, variants: [] }, services: new Map() };
      const idle = deviceHello('b', { local: nothing, targets: [edge({ reachable: false })] });
      const learner = () => createLearner(name, { random: seededRandom(1) });

      it('observes, learns and plans without the devices that have nothing to run', () => {
        const members = new Members();
        const cell = learnerOf(members, { learner: learner() });
        members.add(deviceHello('a'));
        members.add(idle);
        cell.observe();
        expect([...cell.current.best().keys()]).toEqual(['a']);
        cell.joined();
        cell.learn([outcome('a')]);
        expect(cell.current.status().outcomes).toBe(1);
        expect([...finish(cell.propose()).placements.keys()]).toEqual(['a']);
      });

      it('learns while no device has anything to run, and says so when it is to plan', () => {
        const members = new Members();
        const cell = learnerOf(members);
        members.add(idle);
        cell.replace(learner());
        cell.joined();
        cell.learn([outcome('b')]);
        expect(cell.current.status()).toMatchObject({ outcomes: 1, plans: 0 });
        expect(() => finish(cell.propose())).toThrow(/serves a variant for b/);
      });
    },
  );

  it('keeps its learner when another one cannot be told of the cell', () => {
    const members = new Members();
    members.add(deviceHello('a'));
    const cell = learnerOf(members);
    const broken: Learner = createFastestMean('broken');
    broken.observe = () => {
      throw new TypeError('broken');
    };
    expect(() => cell.replace(broken)).toThrow(TypeError);
    expect(cell.current.name).toBe('fastest-mean');
  });
});
