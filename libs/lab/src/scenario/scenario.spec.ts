import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InvalidInput } from '@weir/base';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseScenario, readScenario, shippedScenarios } from './scenario.ts';
import { scenarioSchema } from './scenario-schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-scenario-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cell = { experiment: 'A' };
const faults = (input: unknown): string => {
  try {
    parseScenario(input);
  } catch (error) {
    return (error as InvalidInput).violations
      .map(({ field, description }) => `${field}: ${description}`)
      .join('\n');
  }
  return '';
};

describe('a scenario', () => {
  it('says little and means much', () => {
    expect(parseScenario({ name: 'mine', cell, epochs: {} })).toMatchObject({
      cell: { experiment: 'A', users: 5, space: 'paper' },
      floor: '89',
      looks: 2,
      accuracies: 'measured',
      learners: ['planner', 'offload-only', 'device-only', 'edge-only', 'cloud-only'],
      epochs: { learning: 20, measured: 60, blocks: 3 },
      seed: 1,
    });
  });

  it.each([
    ['no experiment at all', { name: 'x', cell }, /expected exactly one of epochs, .*got none/],
    ['two at once', { name: 'x', cell, epochs: {}, curves: {} }, /got epochs and curves/],
    ['an unknown key', { name: 'x', cell, epochs: {}, user: 5 }, /"user"/],
    ['an unknown learner', { name: 'x', cell, epochs: {}, learners: ['best'] }, /learners\.0/],
    ['a learner twice', { name: 'x', cell, epochs: {}, learners: ['dqn', 'dqn'] }, /dqn is named twice/],
    ['static, which has no placement', { name: 'x', cell, epochs: {}, learners: ['static'] }, /learners\.0/],
    [
      'an event after the last epoch',
      { name: 'x', cell, adaptation: { epochs: 45, events: [{ epoch: 46, weak: [], label: 'late' }] } },
      /adaptation\.events: expected epochs that rise and are at most 45, got 46/,
    ],
    [
      'a floor in per cent',
      { name: 'x', cell, epochs: {}, floor: 89 },
      /floor: expected none, '80', .* or a fraction 0\.\.1/,
    ],
    [
      'a floor above the best',
      { name: 'x', cell, epochs: {}, floor: 'best+1' },
      /floor: expected none, .* best-POINTS \(e\.g\. best-0\.9\)/,
    ],
    ['three looks', { name: 'x', cell, epochs: {}, looks: 3 }, /looks: expected 1 or 2/],
    [
      'a second planner where nobody looks twice',
      { name: 'x', cell, epochs: {}, looks: 1, learners: ['planner', 'planner-one-look'] },
      /learners: planner-one-look goes with looks: 2/,
    ],
    [
      'a threshold where there is nothing to tune it on',
      { name: 'x', cell, curves: {}, learners: ['threshold'] },
      /learners: threshold goes with epochs and arrivals only/,
    ],
    [
      'two learners of pictures that change',
      { name: 'x', cell, pictures: {}, learners: ['planner', 'offload-only'] },
      /learners: pictures goes with one learner, got planner, offload-only/,
    ],
    ['a share of nothing', { name: 'x', cell, epochs: {}, learners: ['escalate-0'] }, /learners\.0/],
    ['too many users', { name: 'x', cell: { experiment: 'A', users: 99 }, epochs: {} }, /cell/],
    ['a name that is a path', { name: '../x', cell, epochs: {} }, /name: expected/],
    [
      'transfer in a cell of its own',
      { name: 'x', cell: { file: 'c' }, transfer: { from: {} } },
      /cell: transfer/,
    ],
  ])('refuses %s', (_what, input, fault) => {
    expect(faults(input)).toMatch(fault);
  });

  it.each(['best-0.9', 'best-0.05', 'best-0', 0.85])('takes the floor %s', (floor) => {
    expect(parseScenario({ name: 'x', cell, epochs: {}, floor }).floor).toBe(floor);
  });

  it('takes what the lab compares second looks with', () => {
    const learners = [
      'planner',
      'planner-one-look',
      'threshold',
      'escalate-25',
      'hi-lcb',
      'oracle-two-looks',
    ];
    expect(parseScenario({ name: 'x', cell, epochs: {}, learners }).learners).toEqual(learners);
  });

  it('names all faults together', () => {
    expect(faults({ name: '', cell, epochs: { learning: -1 }, seed: 0.5 }).split('\n')).toHaveLength(3);
  });

  it('finds its files from where it lies itself', () => {
    const file = join(folder, 'mine.yaml');
    writeFileSync(file, 'name: mine\ncell: { file: fleet.yaml }\nlinks: { trace: radio.csv }\nepochs: {}\n');
    expect(readScenario(file)).toMatchObject({
      cell: { file: join(folder, 'fleet.yaml') },
      links: { trace: join(folder, 'radio.csv') },
    });
  });

  it('says what there is when a file is not, and where YAML is broken', () => {
    expect(() => readScenario('a-90')).toThrow(/no scenario file a-90.*a-89/);
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, 'name: [');
    expect(() => readScenario(file)).toThrow();
  });
});

describe('the experiments that come with Weir', () => {
  it("are the paper's twenty and some more, each under its own name", () => {
    const names = shippedScenarios();
    for (const name of names) expect(readScenario(name).name).toBe(name);
    expect(names.filter((name) => /^[a-d]-(none|80|85|89|best)$/.test(name))).toHaveLength(20);
  });

  it('have one look where they are the paper’s, two where they are about second looks', () => {
    for (const name of shippedScenarios())
      expect([name, readScenario(name).looks]).toEqual([name, /^(looks|drift)-/.test(name) ? 2 : 1]);
  });

  it('are described by the JSON schema beside them', () => {
    const shipped: unknown = JSON.parse(
      readFileSync(new URL('../../experiments/scenario.schema.json', import.meta.url), 'utf8'),
    );
    // Write it anew with: npm run schema -w @weir/lab
    expect(shipped).toEqual(z.toJSONSchema(scenarioSchema, { io: 'input' }));
  });
});
