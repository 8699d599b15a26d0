import { execFileSync } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@weir/base';
import { commands, route } from '@weir/cli';
import { configSpec as deviceAgent } from '@weir/device-agent';
import { defaultObjective } from '@weir/domain';
import { frameColumns, parseTrace, readScenario } from '@weir/lab';
import { defaultMaxMessageBytes } from '@weir/rpc';
import { limits } from '@weir/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument, root } from './support/document.ts';
import { weir } from './support/weir.ts';

const [readme, lab, cell, clients, model] = await Promise.all(
  ['README.md', 'docs/lab.md', 'docs/cell.md', 'docs/clients.md', 'docs/your-model.md'].map(readDocument),
);

describe.each([readme!, lab!, cell!, clients!, model!])('the commands of $path', ({ commands: shown }) => {
  const checked = shown.filter(([first, second]) => /^(lab|models)$/.test(first!) && second !== undefined);

  it.each(checked.map((words) => [words.join(' ')]))('weir %s', async (line) => {
    // `--seed N` stands for any number.
    const { entry, argv } = route(line.replace(/ N$/, ' 1').split(' '), commands);
    const { spec } = (await entry.load()).default;
    const config = loadConfig(spec, { argv, env: {} }) as { scenario?: string };
    // What it names must come with Weir or be an example of these documents.
    if (config.scenario !== undefined && config.scenario !== 'my-fleet.yaml')
      expect(readScenario(config.scenario).name).toBe(config.scenario);
  });
});

it.each(['SECURITY.md', 'docs/reliability.md', 'docs/security.md'])(
  '%s names specs that there are',
  async (path) => {
    const { text } = await readDocument(path);
    const listed = execFileSync('git', ['ls-files', '*.spec.ts'], { cwd: root, encoding: 'utf8' });
    const specs = new Set(listed.split('\n').map((file) => file.split('/').at(-1)!.replace(/\.ts$/, '')));
    const named = [...text.matchAll(/`(?:test\/)?([\w-]+\.spec)(?:\.ts)?`/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !specs.has(name))).toEqual([]);
  },
);

describe('docs/clients.md', () => {
  const { text } = clients!;

  it('names files that there are', async () => {
    const links = [...text.matchAll(/\]\((?:\.\.\/)?((?:clients|proto)\/[^)]+)\)/g)].map(([, path]) => path!);
    expect(links).toEqual(expect.arrayContaining(['clients/python/client.py', 'clients/go/main.go']));
    for (const path of links) await access(join(root, path));
  });

  it.each([
    [
      '4 MiB / 8 MiB less 64 KiB',
      limits.imageBytes === 4 * 2 ** 20 && limits.tensorBytes === 2 ** 23 - 2 ** 16,
    ],
    ['| a message | 8 MiB', defaultMaxMessageBytes === 2 ** 23],
    ['1 to 128 characters', limits.idLength === 128],
    ['| 64 (`--max-in-flight`)', loadConfig(deviceAgent, { argv: [], env: {} }).maxInFlight === 64],
    ["the objective's deadline (10 s", defaultObjective.deadlineMs === 10_000],
    ['1,000 a call', limits.truths === 1_000],
  ])('says the limit as it is: %s', (words, isSo) => {
    expect(text).toContain(words);
    expect(isSo).toBe(true);
  });
});

describe('the examples of docs/lab.md and docs/cell.md together', () => {
  const files = [...lab!.blocks, ...cell!.blocks].filter(({ language }) => language !== 'sh');
  const of = (name: string) => files.find(({ file }) => file === name)!.text;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-documents-'));
    for (const { file, text } of files) await writeFile(join(folder, file!), text);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are a scenario, a cell and a trace', () => {
    expect(files.map(({ file }) => file).sort()).toEqual(['my-cell.yaml', 'my-fleet.yaml', 'radio.csv']);
    expect(parseTrace(of('radio.csv')).length).toBeGreaterThan(1);
  });

  it('run on a living cell, and write the frames that the document describes', async () => {
    // The fewest epochs that there are; everything else as the document has it.
    const fewest = 'epochs: { learning: 1, measured: 1, blocks: 1 }\nrepetitions: 1';
    const scenario = of('my-fleet.yaml').replace(/^epochs: .*$/m, fewest);
    expect(scenario).toContain(fewest);
    await writeFile(join(folder, 'my-fleet.yaml'), scenario);
    const frames = join(folder, 'frames.csv');
    const run = weir('lab', 'run', '--scenario', join(folder, 'my-fleet.yaml'), '--frames', frames, '--json');
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stderr: stderr.slice(-500) }).toMatchObject({ code: 0 });
    const result = JSON.parse(stdout) as { name: string; learners: { learner: string }[] };
    expect(result.name).toBe('my-fleet');
    expect(result.learners.map(({ learner }) => learner)).toEqual([
      'oracle',
      'planner',
      'offload-only',
      'device-only',
    ]);
    const [header, ...rows] = (await readFile(frames, 'utf8')).trimEnd().split('\r\n');
    expect(header!.split(',')).toEqual(frameColumns.map(({ name }) => name));
    for (const phase of ['profiling', 'learning', 'measured'])
      expect(rows.some((row) => row.includes(`,${phase},`))).toBe(true);
    // Everyone has one measured epoch of two devices.
    expect(rows.filter((row) => row.includes(',measured,'))).toHaveLength(4 * 2);
  });

  it('run as npm start shows it', async () => {
    expect(cell!.text).toContain('`npm start -- --cell my-cell.yaml`');
    const run = weir('up', '--cell', join(folder, 'my-cell.yaml'), '--requests', '4', '--json');
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stderr: stderr.slice(-500) }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ requests: 4, succeeded: 4 });
  });

  it('describe each column of a file of frames, with its type', () => {
    const described = [...lab!.text.matchAll(/^\| `(\w+)` \| (STRING|DOUBLE|INT32|INT64|BOOLEAN) \| \S/gm)];
    expect(described.map(([, name, type]) => ({ name, type }))).toEqual(frameColumns);
  });
});
