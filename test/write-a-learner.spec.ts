import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument, root } from './support/document.ts';

const { blocks } = await readDocument('docs/write-a-learner.md');
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.trim().split('\n'));

/** docs/write-a-learner.md as it stands, in a folder outside of the tree. */
describe('docs/write-a-learner.md', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-mine-'));
    for (const { file, text } of blocks)
      if (file) await writeFile(join(folder, file), text.replaceAll('/path/to/weir', root));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Runs a command line of the document in the folder. */
  async function run(line: string) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    expect(words.slice(0, 2)).toEqual(['npx', 'weir']);
    return execute(join(root, 'apps/cli/bin/weir.mjs'), ...words.slice(2));
  }

  const execute = (program: string, ...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [program, ...args], { cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  const commandWith = (...words: string[]) => {
    const [line, ...more] = commands.filter((each) => words.every((word) => each.includes(word)));
    expect([line, more]).toEqual([expect.any(String), []]);
    return line!;
  };

  it('has no command that this test leaves out', () => expect(commands).toHaveLength(4));

  it('shows a file whose types are right', async () => {
    const tsc = await execute(join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json');
    expect(tsc).toMatchObject({ code: 0, stdout: '' });
  });

  it('comes to a plot', async () => {
    const { code, stdout, stderr } = await run(commandWith('learn', '--plot'));
    expect({ code, stderr: stderr.slice(-300) }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/mine\.ts/);
    expect(await readFile(join(folder, 'mine.svg'), 'utf8')).toMatch(/^<svg[\s\S]*mine\.ts/);
  });

  it('sets the options of the file, which finds the optimum above the floor', async () => {
    const { code, stdout } = await run(commandWith('learn', '--options'));
    expect(code).toBe(0);
    const { learners } = JSON.parse(stdout) as { learners: Record<string, unknown>[] };
    expect(learners).toMatchObject([{ learner: 'mine.ts', floorViolations: 0 }]);
    expect(learners[0]!.gapPct).toBeLessThan(1);
    // 2 % of the plans, and those before anything was known.
    expect(learners[0]!.explorationShare).toBeLessThan(0.05);
  });

  it('refuses an option that the file does not have, with what was meant', async () => {
    const { code, stderr } = await run(commandWith('learn', '--options').replace('epsilon', 'epsilom'));
    expect(code).toBe(64);
    expect(stderr).toContain('--options: epsilom: unknown option; did you mean epsilon?');
  });

  it('plans for a living cell', async () => {
    const { code, stdout } = await run(`${commandWith('up')} --json`);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { learning: { plans: number } };
    expect(result).toMatchObject({ learner: 'mine.ts', succeeded: 40, failed: 0 });
    expect(result.learning.plans).toBeGreaterThan(1);
  });

  it('is measured in the lab next to the planner', async () => {
    const { code, stdout } = await run(`${commandWith('lab run')} --repetitions 1`);
    expect(code).toBe(0);
    for (const learner of ['oracle', 'mine.ts', 'planner']) expect(stdout).toContain(learner);
  });
});
