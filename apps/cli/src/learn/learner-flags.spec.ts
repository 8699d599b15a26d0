import { ConfigError } from '@weir/base';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { readLearner, readLearnerOptions, readLearners } from './learner-flags.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-learner-flags-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const methods = ['observe', 'propose', 'learn', 'best', 'status', 'snapshot', 'restore'];
function write(name: string, options = '{ calm: 0.5 }'): string {
  const learner = `{ ${methods.map((each) => `${each}() {}`).join(', ')} }`;
  const path = join(folder, name);
  writeFileSync(path, `export const options = ${options}; export default () => (${learner});`);
  return path;
}
const mine = write('mine.ts');
const faultsOf = (use: () => unknown) => {
  try {
    use();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).violations.map(({ field, description }) => `${field}: ${description}`);
  }
  return [];
};

describe('a flag that names a learner', () => {
  it('takes a name as it is, and a file by its absolute path', () => {
    expect(readLearner('weir x', '--learner', 'planner')).toBe('planner');
    expect(readLearner('weir x', '--learner', mine)).toBe(mine);
  });

  it("counts a path from the caller's folder, also where npm has gone to the package's", () => {
    vi.stubEnv('npm_package_json', join(process.cwd(), 'package.json'));
    vi.stubEnv('INIT_CWD', folder);
    expect(readLearner('weir x', '--learner', './mine.ts')).toBe(mine);
    // npm ran something else, which ran this elsewhere.
    vi.stubEnv('npm_package_json', '/somewhere/else/package.json');
    const [fault] = faultsOf(() => readLearner('weir x', '--learner', './mine.ts'));
    expect(fault).toBe(`--learner: there is no file ${join(process.cwd(), 'mine.ts')}`);
  });

  it.each([
    ['plannr', /^--learner: no learner 'plannr'; did you mean planner\?$/],
    ['', /^--learner: no learner ''; there are planner, /],
    ['./none.ts', /^--learner: there is no file /],
  ])('refuses %j', (text, fault) => {
    expect(faultsOf(() => readLearner('weir x', '--learner', text))).toEqual([expect.stringMatching(fault)]);
  });

  it('refuses two of one name', () => {
    const both = () => readLearners('weir x', '--learner', ['dqn', 'planner', 'dqn']);
    expect(faultsOf(both)).toEqual(['--learner: dqn is named twice']);
  });
});

describe('options of learners', () => {
  const read = (text: string, ...learners: string[]) =>
    readLearnerOptions('weir x', '--options', text, learners);

  it('reach each learner that knows them, in the order of the learners', () => {
    expect(read('{"discount":0.5,"hidden":[8],"calm":1}', 'q-learning', 'dqn', mine, 'edge-only')).toEqual([
      { discount: 0.5 },
      { discount: 0.5, hidden: [8] },
      { calm: 1 },
      {},
    ]);
  });

  it('are refused when no learner knows them or when they are wrong, every fault at once', () => {
    const text = '{"discont":1,"discount":2,"calm":"x","zz":1}';
    expect(faultsOf(() => read(text, 'q-learning', 'dqn', mine))).toEqual([
      '--options: discont: unknown option; did you mean discount?',
      expect.stringMatching(/^--options: zz: unknown option; there are rewardScaleMs, /),
      '--options: discount: expected at most 1, got 2',
      '--options: calm: expected a finite number, got "x"',
    ]);
  });

  it.each(['[]', 'x', '7', 'null', ''])('are refused as %j', (text) => {
    expect(faultsOf(() => read(text, 'dqn'))).toEqual([
      expect.stringMatching(/^--options: expected a JSON object/),
    ]);
  });
});
