import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument, root } from './support/document.ts';
import { weirIn } from './support/weir.ts';

/** Models that are not ours, by models/recipe/foreign.py: they tell which colour dominates. */
const fixtures = join(root, 'libs/inference/fixtures');
const samples = join(root, 'libs/inference/models/samples');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-own-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a line of a document, as it stands, in a folder. */
async function run(cwd: string, line: string, ...more: string[]) {
  const argv = line
    .replace(/^npx weir /, '')
    .replace(/^npm start --/, 'up')
    .split(' ');
  const { code, stdout, stderr } = await weirIn(cwd, ...argv, ...more).ended;
  if (code !== 0)
    throw new Error(`${line}: ended with ${code}: ${JSON.stringify(stderr.slice(-800))} ${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('the model of somebody else', () => {
  it("is imported and run by the README's two lines, in a fresh folder", async () => {
    const { blocks } = await readDocument('README.md');
    const { text } = blocks.find((block) => block.text.includes('models import'))!;
    const [importLine, startLine, ...others] = text.trim().split('\n');
    expect(others).toEqual([]);

    await cp(join(fixtures, 'colours-nchw-normalised.onnx'), join(folder, 'mine.onnx'));
    const files = (await readdir(samples)).filter((file) => file.endsWith('.png'));
    for (const [index, label] of ['a', 'b', 'c'].entries()) {
      await mkdir(join(folder, 'pictures', label), { recursive: true });
      for (const file of files.slice(index * 5, index * 5 + 5))
        await cp(join(samples, file), join(folder, 'pictures', label, file));
    }
    const imported = await run(folder, importLine!, '--runs', '5', '--json');
    expect(imported).toMatchObject({ labels: ['a', 'b', 'c'], samples: { added: 15, total: 15 } });
    const { variant } = imported as { variant: { accuracy: { top1: number } } };
    const summary = await run(folder, startLine!, '--devices', '1', '--requests', '12', '--json');
    expect(summary).toMatchObject({
      requests: 12,
      succeeded: 12,
      accuracy: { expected: expect.closeTo(variant.accuracy.top1) as number },
    });
  }, 120_000);

  it('joins others in a family of 1,001 classes, bytes, channels last, and weights beside it', async () => {
    const labels = Array.from({ length: 1_001 }, (_, index) => `class ${index}, of "many"`);
    await writeFile(join(folder, 'labels.txt'), `\ufeff${labels.join('\r\n')}\r\n\r\n`);
    const rows = (await readdir(samples))
      .slice(-6)
      .map((file) => `"${join(samples, file)}","class 1000, of ""many"""`);
    await writeFile(join(folder, 'list.csv'), ['file,label', ...rows].join('\r\n'));
    const given = '--images list.csv --into many';
    const importing = (model: string, more: string) =>
      run(folder, `models import ${join(fixtures, model)} ${given} --runs 5 ${more}`, '--json');
    const [softmax, logits] = await Promise.all([
      importing('thousand-and-one.onnx', '--labels labels.txt'),
      importing('external-logits.onnx', '--labels labels.txt --link-samples'),
    ]);
    expect(softmax).toMatchObject({
      variant: { output: { kind: 'probabilities' }, input: { layout: 'NHWC' } },
    });
    expect(logits).toMatchObject({ variant: { output: { kind: 'logits' }, data: ['logits.bin'] } });

    const elsewhere = await mkdtemp(join(folder, 'elsewhere-'));
    const models = `--models ${join(folder, 'many')}`;
    expect(await run(elsewhere, `up ${models} --devices 1 --requests 12`, '--json')).toMatchObject({
      succeeded: 12,
    });
    const { images } = (await run(
      elsewhere,
      `infer ${join(samples, 'scene-0000.png')} ${models}`,
      '--json',
    )) as {
      images: { label: string }[];
    };
    expect(labels).toContain(images[0]!.label);
    const verified = await run(elsewhere, `models verify --runs 5 ${models}`, '--json');
    expect(verified).toMatchObject({ ok: true, pictures: 'samples' });
    const lab = `lab run --experiment A --users 1 --floor 0 --learners device-only --epochs 1 --repetitions 1 ${models}`;
    expect(await run(elsewhere, lab, '--json')).toMatchObject({ learners: [{ learner: 'oracle' }, {}] });
  }, 300_000);

  it('leaves the family as it was when its import is killed', async () => {
    const manifest = join(folder, 'many/manifest.json');
    const before = await readFile(manifest, 'utf8');
    const model = join(fixtures, 'thousand-and-one.onnx');
    const hidden = async () =>
      (await readdir(join(folder, 'many')))
        .filter((name) => name.startsWith('.'))
        .sort()
        .reverse();
    const importing = () =>
      weirIn(folder, 'models', 'import', model, '--images', 'list.csv', '--into', 'many', '--name', 'again');
    const killed = importing();
    // Its accuracy is measured, its latency not yet.
    await killed.line(/^again: 6 of 6/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await hidden()).toEqual(['.import.lock', expect.stringMatching(/^\.import-/)]);
    expect(await readFile(manifest, 'utf8')).toBe(before);
    expect((await importing().ended).code).toBe(0);
    expect(await hidden()).toEqual(['.import.lock']);
  }, 60_000);
});
