import { ConfigError, InvalidInput, seededRandom, silentLogger } from '@weir/base';
import { createLearner, type LearnerName, type LearnerSnapshot } from '@weir/learning';
import { policy } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startPolicyService } from '../app.ts';
import { type Config, configSpec } from '../config.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-policy-learners-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileWith = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const silent = (created = '') => `
  import { obeyedPlan, snapshotOf } from '@weir/learning';
  export default () => {
    ${created}
    return {
      name: 'silent', observe() {}, learn() {}, restore() {},
      propose: () => obeyedPlan(new Map()), best: () => new Map(), snapshot: () => snapshotOf('silent', 1, {}),
      status: () => ({ outcomes: 0, plans: 0, exploringPlans: 0, explorationShare: 0, driftAlarms: 0 }),
    };
  };
`;

async function start(config: Partial<Config> = {}) {
  await using stack = new AsyncDisposableStack();
  const given = { ...configSpec.schema.parse({}), ...config };
  const app = stack.use(await startPolicyService(given, { logger: silentLogger }));
  const client = stack.use(connect(app.address)).client(policy.PolicyServiceClient);
  const owned = stack.move();
  return { client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
const fieldsOf = (error: unknown) => {
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as InvalidInput).violations.map(({ field }) => field);
};

describe('a learner of a file', () => {
  it('is what the service starts with, under the name of its file, and can be chosen again', async () => {
    await using service = await start({ learner: fileWith('mine.ts', silent()) });
    const { client } = service;
    const choose = async (learner: string) =>
      (await callUnary(client, client.setLearner, { cellId: 'c', learner })).learner;
    expect(await choose('planner')).toBe('planner');
    expect(await choose('mine.ts')).toBe('mine.ts');
    const { learner, snapshot } = await callUnary(client, client.exportSnapshot, { cellId: 'c' });
    expect(learner).toBe('mine.ts');
    await callUnary(client, client.importSnapshot, { cellId: 'c', learner, snapshot });
  });

  it('is loaded by no request: neither by its path nor by its name', async () => {
    const other = fileWith('other.ts', `globalThis.loadedByRequest = true; ${silent()}`);
    await using service = await start({ learner: fileWith('mine.ts', silent()) });
    const { client } = service;
    for (const learner of [other, 'other.ts', join(folder, 'mine.ts'), './mine.ts', '../mine.ts'])
      for (const call of [
        callUnary(client, client.setLearner, { cellId: 'c', learner }),
        callUnary(client, client.importSnapshot, { cellId: 'c', learner, snapshot: Buffer.from('{}') }),
      ])
        expect(fieldsOf(await call.catch((error: unknown) => error))).toContain('learner');
    expect((globalThis as { loadedByRequest?: boolean }).loadedByRequest).toBeUndefined();
  });

  it.each([
    ['that is not there', () => join(folder, 'none.ts'), /there is no file/],
    ['without a factory', () => fileWith('empty.ts', 'export const x = 1'), /exports no factory/],
    [
      'whose factory throws',
      () => fileWith('throws.ts', silent('throw new Error("no luck")')),
      /no luck \(throws\.ts:\d/,
    ],
  ])('%s keeps the service from starting', async (_, path, fault) => {
    const error = await start({ learner: path() }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).violations).toMatchObject([
      { field: '--learner', description: expect.stringMatching(fault) as string },
    ]);
  });
});

describe('an imported snapshot', () => {
  /** Of a joint space of devices that each run `v` on `a`, offered so many times. */
  const keyOf = (deviceIds: readonly string[], times: number) =>
    `[0,${JSON.stringify(deviceIds.map((id) => [id, Array.from({ length: times }, () => ['a', 'v'])]))}]`;
  /** What a learner of one device and one node has learned, with another value at a path. */
  const changed = (learner: LearnerName, path: readonly (string | number)[], value: unknown) => {
    const space = {
      key: keyOf(['a'], 1),
      deviceIds: ['a'],
      actions: [[{ tier: 'device', nodeId: 'a', variant: 'v' }]],
      surplus: [[0]],
      features: [0],
    };
    const { state, ...envelope } = createLearner(learner, { random: seededRandom(1) }).snapshot();
    const tables = [{ key: space.key, space, masked: false, entries: [[0, -1, 1]] }];
    const full = { ...(state as object), ...(learner === 'q-learning' && { tables }) };
    let node = full as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) node = node[key] as typeof node;
    node[path.at(-1)!] = value;
    return { ...envelope, state: full } as LearnerSnapshot;
  };
  const twentyIds = Array.from({ length: 20 }, (_, at) => `d${at}`);
  const twenty = twentyIds.map(() =>
    Array.from({ length: 10 }, () => ({ tier: 'device', nodeId: 'a', variant: 'v' })),
  );

  it.each<[LearnerName, (string | number)[], unknown, string]>([
    ['q-learning', ['counts', 'plans'], -1, 'snapshot.state.counts.plans'],
    ['q-learning', ['tables', 0, 'entries'], [[5, -1, 1]], 'snapshot.state.tables[0].entries[0][0]'],
    ['q-learning', ['tables', 0, 'space', 'surplus'], [[0, 0]], 'snapshot.state.tables[0].space.surplus[0]'],
    [
      'q-learning',
      ['tables', 0, 'space'],
      {
        key: keyOf(twentyIds, 10),
        deviceIds: twentyIds,
        actions: twenty,
        surplus: twenty.map((list) => list.map(() => 0)),
        features: [0],
      },
      'snapshot.state.tables[0].space.actions',
    ],
    ['dqn', ['agent'], { space: 7 }, 'snapshot.state.agent.space'],
    ['bandits', ['arms'], [['a', [['edge\nv', 0, 1]]]], 'snapshot.state.arms[0][1][0][1]'],
    [
      'static',
      ['placements'],
      [['a', { tier: 'moon', nodeId: 'a', variant: 'v' }]],
      'snapshot.state.placements[0][1].tier',
    ],
    ['edge-only', ['plans'], 0.5, 'snapshot.state.plans'],
  ])(
    'of %s with an absurd %j is refused with its field, and changes nothing',
    async (learner, path, value, field) => {
      await using service = await start();
      const { client } = service;
      await callUnary(client, client.setLearner, { cellId: 'c', learner: 'planner' });
      const snapshot = Buffer.from(JSON.stringify(changed(learner, path, value)));
      const call = callUnary(client, client.importSnapshot, { cellId: 'c', learner, snapshot });
      expect(fieldsOf(await call.catch((error: unknown) => error))).toContain(field);
      const still = await callUnary(client, client.exportSnapshot, { cellId: 'c' });
      expect(still.learner).toBe('planner');
    },
  );
});
