import { sleep } from '@weir/base';
import { connectAgent } from '@weir/cell';
import { embeddedFamilyDirectory, loadFamily } from '@weir/inference';
import { worker } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { programs } from './support/programs.ts';
import { weir } from './support/weir.ts';

const patience = { timeout: 60_000, interval: 50 };
const samples = JSON.parse(
  readFileSync(join(embeddedFamilyDirectory, 'samples/labels.json'), 'utf8'),
) as readonly { readonly file: string; readonly label: string }[];
const bytesOf = samples.map(({ file }) => readFileSync(join(embeddedFamilyDirectory, 'samples', file)));

/** Any number of pictures, no two of the same bytes: what follows the end of a PNG changes nothing but its hash. */
const picture = (at: number): Uint8Array => {
  const bytes = bytesOf[at % bytesOf.length]!;
  return Buffer.concat([bytes, Buffer.from(`${at}`)]);
};
const labelOf = (at: number) => samples[at % samples.length]!.label;

/** A family of two: `old`, and `tiny`, which the device can run too. */
async function familyOfTwo(): Promise<{ directory: string; model: string; flags: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-canary-'));
  const family = await loadFamily();
  const manifest = JSON.parse(readFileSync(join(embeddedFamilyDirectory, 'manifest.json'), 'utf8')) as {
    variants: { name: string }[];
  };
  const entry = (name: string, as: string) => ({
    ...manifest.variants.find((variant) => variant.name === name)!,
    name: as,
  });
  const variants = [entry('mobilenet-v1-0.25-fp32', 'old'), entry('mobilenet-v1-0.25-int8', 'tiny')];
  cpSync(embeddedFamilyDirectory, join(directory, 'family'), { recursive: true });
  mkdirSync(join(directory, 'state'));
  writeFileSync(
    join(directory, 'family/manifest.json'),
    JSON.stringify({ ...manifest, variants, looks: undefined }),
  );
  const newer = family.variants.find(({ name }) => name === 'mobilenet-v1-0.50-int8')!;
  if (newer.task === 'tensor') throw new Error('expected a classifier');
  const list = samples.map(({ file, label }) => `${join(embeddedFamilyDirectory, 'samples', file)},${label}`);
  writeFileSync(join(directory, 'list.csv'), ['file,label', ...list.slice(0, 30)].join('\n'));
  writeFileSync(join(directory, 'labels.txt'), family.labels.join('\n'));
  const { mean, std } = newer.input;
  return {
    directory,
    model: newer.path,
    flags: [
      `--images=${join(directory, 'list.csv')}`,
      `--labels=${join(directory, 'labels.txt')}`,
      `--mean=${mean.join(',')}`,
      `--std=${std.join(',')}`,
      '--samples=0',
    ],
  };
}

describe('a variant that comes into a cell under load, and goes again', () => {
  const running = programs();
  const cleanUp: (() => void)[] = [];
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    for (const remove of cleanUp) remove();
  });

  it('serves its share, always the same pictures, is compared, promoted, rolled back and pinned, without a restart or a failed frame', async () => {
    const { directory, model, flags } = await familyOfTwo();
    cleanUp.push(() => rmSync(directory, { recursive: true }));
    const family = join(directory, 'family');
    const [policy, edge] = await Promise.all([
      running.service('policy-service', `--data=${join(directory, 'state')}`),
      running.service(
        'inference-worker',
        '--node-id=edge-1',
        '--tier=edge',
        '--variants=old',
        `--models=${family}`,
      ),
    ]);
    const agent = await running.service(
      'device-agent',
      `--policy=${policy.address}`,
      `--targets=edge-1=edge@${edge.address}`,
      `--models=${family}`,
      // So slow that the edge is the better choice whenever it may be chosen.
      '--local-variants=tiny',
      '--dilation-factor=300',
      '--looks=1',
    );
    await using device = connectAgent(agent.address);
    await using connection = connect(edge.address);
    const client = connection.client(worker.InferenceWorkerClient);
    const served = async () =>
      (await callUnary(client, client.listVariants, {})).variants.map(({ name }) => name).sort();
    const models = async (...argv: string[]) => {
      const { code, stdout, stderr } = await weir('models', ...argv, '--json').ended;
      expect({ code, stderr: stderr.slice(-500) }).toMatchObject({ code: 0 });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const change = (...argv: string[]) => models(...argv, '--models', family);

    /** All answers, in order; an answer that fails ends the test. */
    const answered: string[] = [];
    const ask = async (at: number) => {
      const { placement, requestId } = await device.infer({ image: picture(at), timeoutMs: 20_000 });
      const { variant } = placement!;
      answered.push(variant);
      return { variant, requestId };
    };
    let streaming = true;
    const load = Promise.all(
      [0, 1].map(async (lane) => {
        for (let at = lane; streaming; at += 2) {
          await ask(1_000_000 + at);
          await sleep(10);
        }
      }),
    );
    // Told where it is awaited.
    load.catch(() => {});
    /** Once this holds of the newest answers. */
    const newest = (holds: (variants: readonly string[]) => boolean) => {
      const from = answered.length;
      return vi.waitFor(() => {
        const last = answered.slice(from).slice(-40);
        if (!holds(last))
          throw new Error(`the last were by ${last.join(', ')}; ${running.logs.slice(-5).join('; ')}`);
      }, patience);
    };
    const only = (name: string) =>
      newest((last) => last.length === 40 && last.every((variant) => variant === name));

    await change('pin', 'old');
    await only('old');
    await change('pin', '--none');

    const canary = ['--into', family, '--name', 'new', '--canary', '20%', '--of', 'old'];
    await models('import', model, ...flags, ...canary);
    await newest((last) => last.includes('new'));
    expect(await served()).toEqual(['new', 'old']);

    // Whether the policy would rather have `tiny` is its own affair: of what went to either, a fifth is the canary's.
    const pictures = Array.from({ length: 400 }, (_, at) => at);
    const sides = new Map<number, string>();
    const truths: { requestId: string; label: string }[] = [];
    for (const at of pictures) {
      const { variant, requestId } = await ask(at);
      truths.push({ requestId, label: labelOf(at) });
      if (variant !== 'tiny') sides.set(at, variant);
    }
    const n = sides.size;
    expect(n).toBeGreaterThan(100);
    const byCanary = [...sides.values()].filter((variant) => variant === 'new').length;
    const deviation = Math.sqrt(n * 0.2 * 0.8);
    expect(Math.abs(byCanary - 0.2 * n)).toBeLessThan(4.5 * deviation);
    for (const [at, side] of [...sides].slice(0, 100)) {
      const { variant } = await ask(at);
      if (variant !== 'tiny') expect([at, variant]).toEqual([at, side]);
    }

    const { results } = await device.reportTruth(truths);
    expect(results.filter(({ refusal }) => refusal)).toEqual([]);
    const side = (variant: string) => ({
      variant,
      failures: 0,
      responseP50Ms: expect.any(Number) as number,
      computeP95Ms: expect.any(Number) as number,
      accuracy: { value: expect.any(Number) as number, of: expect.any(Number) as number },
    });
    await vi.waitFor(
      async () =>
        expect(await models('compare', 'new', '--policy', policy.address)).toMatchObject({
          canary: side('new'),
          control: side('old'),
        }),
      patience,
    );

    expect(await change('promote', 'new')).toMatchObject({
      variants: [{ name: 'old', stage: { kind: 'retired' } }, { name: 'tiny' }, { name: 'new' }],
    });
    await newest((last) => last.length === 40 && !last.includes('old'));
    await vi.waitFor(async () => expect(await served()).toEqual(['new']), patience);

    // Back again, and the other way: a canary that is taken out.
    await change('promote', 'old');
    await change('pin', 'old');
    await only('old');
    await change('pin', 'new');
    await only('new');
    await change('pin', '--none');
    await change('retire', 'old');
    const next = ['--into', family, '--name', 'third', '--canary', '0.5', '--of', 'new'];
    await models('import', model, ...flags, ...next);
    await newest((last) => last.includes('third'));
    await change('retire', 'third');
    await newest((last) => last.length === 40 && !last.includes('third'));

    streaming = false;
    await load;
    expect((await device.status()).failed).toBe(0n);
    expect([policy, edge, agent].map(({ child }) => child.exitCode)).toEqual([null, null, null]);
    expect(running.logs.filter((line) => line.includes('goes on as it was'))).toEqual([]);
  }, 300_000);
});
