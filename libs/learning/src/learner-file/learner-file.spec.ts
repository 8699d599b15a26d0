import { InvalidInput, NotFound, seededRandom } from '@weir/base';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLearner, learnerFactory } from '../create-learner.ts';
import type { Learner, LearnerSnapshot } from '../learner.ts';
import { ToyCell } from '../toy-cell.fixture.ts';
import { toyLooks } from '../toy-looks.fixture.ts';
import { isLearnerFile, learnerName } from './learner-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-learners-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileWith(text: string, ending = 'ts'): string {
  const path = join(folder, `learner-${files++}.${ending}`);
  writeFileSync(path, text);
  return path;
}

/** Everything on the device's own processor; `change` puts other methods in. */
const localOnly = (change = '') => `
  import { obeyedPlan, openActions, bestVariant, snapshotOf, stateOf, type Learner } from '@weir/learning';
  import { z } from 'zod';
  export const options = { patience: 3, label: 'calm' };
  export default ({ random, patience, label }: any): Learner => {
    let observation: any; let plans = 0;
    const best = () => new Map(openActions(observation, 'full').map(({ device, local }) =>
      [device.id, { tier: 'device' as const, nodeId: device.id, variant: bestVariant(local)[0]!.name }]));
    return {
      name: 'local-only',
      observe(next) { observation = next; },
      propose() { plans++; return obeyedPlan(best()); },
      best,
      learn() {},
      status: () => ({ outcomes: patience, plans, exploringPlans: 0, explorationShare: 0, driftAlarms: 0 }),
      snapshot: () => snapshotOf('local-only', 1, { plans, label }),
      restore(snapshot) {
        const schema = z.strictObject({ plans: z.int(), label: z.string() });
        plans = stateOf(snapshot, { learner: 'local-only', version: 1, schema }).plans;
      },
      ${change}
    };
  };
`;
const load = (path: string, options: object = {}): Learner =>
  learnerFactory(path).create({ ...options, random: seededRandom(1) });
const observation = new ToyCell(seededRandom(1), { users: 2, floor: 0 }).observation();

function proposing(change: string): () => unknown {
  const learner = load(fileWith(localOnly(change)));
  learner.observe(observation);
  return () => learner.propose();
}

describe('a file instead of a learner', () => {
  it.each([
    ['./mine.ts', true],
    ['mine.mjs', true],
    ['learners/mine', true],
    ['planner', false],
    ['q-learning-masked', false],
  ])('is meant by %s: %s', (text, file) => expect(isLearnerFile(text)).toBe(file));

  it('is called by its own name, without its folders', () => {
    expect(learnerName('/somewhere/mine.ts')).toBe('mine.ts');
    expect(learnerName('planner')).toBe('planner');
  });

  it('cannot be reached by the name of a learner, as requests give it', () => {
    const path = fileWith(localOnly());
    expect(() => createLearner(path, { random: seededRandom(1) })).toThrow(NotFound);
  });

  it('may be outside of the tree, in TypeScript, and import what Weir offers', () => {
    const path = fileWith(localOnly());
    const learner = load(path);
    expect(learner.name).toBe(learnerName(path));
    learner.observe(observation);
    expect([...learner.propose().placements.values()]).toMatchObject([
      { tier: 'device', nodeId: 'device-1', variant: 'large' },
      { tier: 'device', nodeId: 'device-2', variant: 'large' },
    ]);
  });

  it.each([
    ['a named export', 'ts', localOnly().replace('export default (', 'export const createLearner = (')],
    ['CommonJS', 'cjs', 'module.exports = () => require("./shared.cjs")'],
  ])('takes %s', (_, ending, text) => {
    writeFileSync(
      join(folder, 'shared.cjs'),
      'const f = () => {}; module.exports = { observe: f, propose: f, learn: f, best: f, status: f, snapshot: f, restore: f }',
    );
    expect(load(fileWith(text, ending)).propose).toBeTypeOf('function');
  });

  it('gets its own defaults and the options given', () => {
    const path = fileWith(localOnly());
    expect(load(path).status().outcomes).toBe(3);
    expect(load(path, { patience: 5 }).status().outcomes).toBe(5);
  });

  it('takes only the options that it exports, with their types', () => {
    const factory = learnerFactory(fileWith(localOnly()));
    expect(factory.optionNames).toEqual(['patience', 'label']);
    expect(factory.optionFaults({ patiense: 1, patience: 'x', label: 7 })).toEqual([
      { field: 'patiense', description: 'unknown option; did you mean patience?' },
      { field: 'patience', description: 'expected a finite number, got "x"' },
      { field: 'label', description: 'expected a text, got 7' },
    ]);
    expect(() => factory.create({ random: seededRandom(1), other: 1 })).toThrow(InvalidInput);
  });

  it('keeps its snapshots under the name of the file', () => {
    const path = fileWith(localOnly());
    const [learner, restored] = [load(path), load(path)];
    learner.observe(observation);
    learner.propose();
    const saved = JSON.parse(JSON.stringify(learner.snapshot())) as LearnerSnapshot;
    expect(saved.learner).toBe(learnerName(path));
    restored.restore(saved);
    expect(restored.status().plans).toBe(1);
    expect(() => restored.restore({ ...saved, state: { plans: 'x', label: '' } })).toThrow(
      /snapshot\.state\.plans/,
    );
  });

  it.each([
    ['no factory', 'export const learner = 1', /exports no factory; write `export default/],
    [
      'a factory that throws',
      'export default () => { throw new Error("no luck") }',
      /its factory failed: Error: no luck \(learner-\d+\.ts:1/,
    ],
    ['an async factory', 'export default async () => ({})', /is async/],
    [
      'a learner that lacks methods',
      'export default () => ({ observe() {}, propose() {}, learn() {} })',
      /lacks best\(\), status\(\), snapshot\(\), restore\(\)/,
    ],
    ['nothing at all', 'export default () => undefined', /lacks observe\(\), /],
    ['a fault of syntax', 'export default (', /does not load: /],
    ['TypeScript that cannot be erased', 'enum A { b }; export default () => A', /does not load: .*enum/],
    ['an import of what is not there', 'import "./nowhere.ts"; export default () => 1', /nowhere\.ts/],
    ['an await at the top', 'await 1; export default () => 1', /awaits at its top level/],
    [
      'options that are no object',
      'export const options = 3; export default () => 1',
      /`options` is no object/,
    ],
  ])('is refused with %s', (_, text, fault) => {
    const path = fileWith(text);
    expect(() => load(path)).toThrow(InvalidInput);
    expect(() => load(path)).toThrow(fault);
    expect(() => load(path)).toThrow(path);
  });

  it('is refused when it is not there, or a folder', () => {
    expect(() => load(join(folder, 'none.ts'))).toThrow(NotFound);
    expect(() => load(`${folder}/`)).toThrow(NotFound);
  });
});

describe('the plan of a learner from a file', () => {
  const placing = (placement: string, id = 'device-1') =>
    proposing(`propose: () => obeyedPlan(new Map([...best(), ['${id}', ${placement}]] as any)),`);

  it.each([
    [
      'a device without a placement',
      proposing('propose: () => obeyedPlan(new Map()),'),
      /device-1 has no placement/,
    ],
    ['a device that has left', placing('{}', 'device-9'), /no device device-9/],
    [
      'a node that is not there',
      placing('{ tier: "edge", nodeId: "edge-7", variant: "large" }'),
      /no such node/,
    ],
    [
      'a node of another tier',
      placing('{ tier: "cloud", nodeId: "edge", variant: "large" }'),
      /no such node/,
    ],
    [
      "another's processor",
      placing('{ tier: "device", nodeId: "device-2", variant: "large" }'),
      /called as the device is/,
    ],
    [
      'a variant that is not served',
      placing('{ tier: "edge", nodeId: "edge", variant: "huge" }'),
      /it serves large, medium, small/,
    ],
    [
      'placements that are no Map',
      proposing('propose: () => obeyedPlan({} as any),'),
      /propose\.placements: expected a Map/,
    ],
    [
      'a propensity above 1',
      proposing('propose: () => obeyedPlan(best() as any, { propensity: 2 }),'),
      /propensity: expected at most 1/,
    ],
    [
      'an exception',
      proposing('propose() { return (undefined as any).plan; },'),
      /propose\(\) failed: TypeError: .*\(learner-\d+\.ts:\d+/,
    ],
  ])('is refused with %s', (_, propose, fault) => expect(propose).toThrow(fault));

  it('may tell the probability of each placement, but none that is none', () => {
    const telling = (propensity: number) =>
      load(
        fileWith(
          localOnly(
            `propose: () => obeyedPlan(best() as any), propensities: () => new Map([['device-1', ${propensity}]]),`,
          ),
        ),
      );
    expect(telling(0.5).propensities!()).toEqual(new Map([['device-1', 0.5]]));
    expect(() => telling(0).propensities!()).toThrow(/propensities\(\) answers wrongly: .*more than 0/);
  });

  it('must keep to the tiers that the objective allows, and to links that are up', () => {
    const learner = load(
      fileWith(
        localOnly(
          `propose: () => obeyedPlan(new Map([...best()].map(([id]) => [id, { tier: 'edge' as const, nodeId: 'edge', variant: 'large' }])) as any),`,
        ),
      ),
    );
    learner.observe(
      new ToyCell(seededRandom(1), { users: 2, floor: 0, allowedTiers: ['device'] }).observation(),
    );
    expect(() => learner.propose()).toThrow(/objective allows device/);
    const devices = observation.devices.map((device) => ({
      ...device,
      links: device.links.map((link) => ({ ...link, reachable: false })),
    }));
    learner.observe({ ...observation, devices });
    expect(() => learner.propose()).toThrow(/cannot be reached/);
    learner.observe(observation);
    expect(learner.propose().placements.size).toBe(2);
  });

  it.each([
    [
      'of a device that is none',
      `new Map([['x', { placement: own('device-1'), marginBelow: 0.5, curves: 'toy' }]])`,
      /no device x/,
    ],
    [
      'that no margin leads to',
      `new Map([['device-1', { placement: own('device-1'), marginBelow: 0, curves: 'toy' }]])`,
      /no step/,
    ],
    [
      'that no step of the curve leads to',
      `new Map([['device-1', { placement: own('device-1'), marginBelow: 0.51, curves: 'toy' }]])`,
      /no step/,
    ],
    [
      'that no curve of its first look leads to',
      `new Map([['device-1', { placement: own('device-1'), marginBelow: 0.3, curves: 'toy' }]])`,
      /no step/,
    ],
    [
      'by other curves',
      `new Map([['device-1', { placement: own('device-1'), marginBelow: 0.5, curves: 'x' }]])`,
      /no step/,
    ],
    [
      'elsewhere',
      `new Map([['device-1', { placement: own('device-2'), marginBelow: 0.5, curves: 'toy' }]])`,
      /no such node/,
    ],
    ['of nothing', `new Map([['device-1', { marginBelow: 0.5, curves: 'toy' }]])`, /no step/],
    ['that is no map', `{}`, /secondLooks: expected a Map/],
  ])('may plan second looks, but none %s', (_, looks, fault) => {
    const own = `const own = (nodeId: string) => ({ tier: 'device', nodeId, variant: 'large' });`;
    const first = `const placements = new Map([...best()].map(([id, place]) => [id, { ...place, variant: 'small' }]));`;
    const plan = (map: string) =>
      load(
        fileWith(
          localOnly(
            `propose() { ${own} ${first} return { ...obeyedPlan(placements), secondLooks: ${map} } as any; },`,
          ),
        ),
      );
    const toy = new ToyCell(seededRandom(1), { users: 2, floor: 0, looks: toyLooks });
    const [wrong, right] = [
      plan(looks),
      plan(`new Map([['device-1', { placement: own('device-1'), marginBelow: 0.5, curves: 'toy' }]])`),
    ];
    for (const learner of [wrong, right]) learner.observe(toy.observation());
    expect(() => wrong.propose()).toThrow(fault);
    expect(right.propose().secondLooks!.size).toBe(1);
    right.observe(
      new ToyCell(seededRandom(1), { users: 2, floor: 0, looks: toyLooks, maxLooks: 1 }).observation(),
    );
    expect(() => right.propose()).toThrow(/no frame twice/);
  });

  it('is checked for best() and the status as well', () => {
    const learner = load(fileWith(localOnly('best: () => new Map(), status: () => ({ plans: -1 }) as any,')));
    learner.observe(observation);
    expect(() => learner.best()).toThrow(/best\(\) does not fit/);
    expect(() => learner.status()).toThrow(/status\(\) answers wrongly: status\.outcomes: /);
  });
});
