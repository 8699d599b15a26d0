import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { configOf, labelsOf } from '../docker/images/image.ts';
import { type Entry, layerOf } from '../docker/images/layer.ts';
import { lockedAt, neededOn } from '../docker/images/npm-packages.ts';
import { writeLayout } from '../docker/images/oci-layout.ts';
import { platforms } from '../docker/images/platform.ts';
import { sbomOf } from '../docker/images/sbom.ts';
import { services } from '../docker/images/services.ts';
import { stripped } from '../docker/images/strip.ts';
import { readLayout } from './support/oci-layout.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-images-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (path: string, text: string): Entry => ({ path, content: Buffer.from(text) });

describe('a layer', () => {
  const entries: Entry[] = [
    file('opt/weir/b.js', 'b'),
    { path: 'opt/weir/a.js', content: { link: 'b.js' } },
    { path: 'tmp', content: 'folder', mode: 0o1777 },
    { path: 'var/lib/weir', content: 'folder', owner: 65_532 },
  ];

  it('is the same bytes for the same entries in any order, and holds nothing of its time', async () => {
    const [one, other] = [await layerOf(entries), await layerOf(entries.toReversed())];
    expect(one.digest).toBe(other.digest);
    writeFileSync(join(folder, 'layer.tar.gz'), one.gzip);
    const listed = execFileSync('tar', ['--numeric-owner', '--utc', '-tvzf', join(folder, 'layer.tar.gz')]);
    const lines = listed
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/).join(' '));
    expect(lines).toEqual([
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 opt/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 opt/weir/',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 opt/weir/a.js -> b.js',
      '-rw-r--r-- 0/0 1 1970-01-01 00:00 opt/weir/b.js',
      'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 var/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 var/lib/',
      'drwxr-xr-x 65532/65532 0 1970-01-01 00:00 var/lib/weir/',
    ]);
    expect(one.unpackedBytes).toBe(1);
  });

  it('differs when a byte does', async () => {
    expect((await layerOf([file('a', '1')])).digest).not.toBe((await layerOf([file('a', '2')])).digest);
  });
});

describe('an image layout', () => {
  const [service] = services;
  const release = { version: '1.2.3', revision: 'abc', created: '2026-01-01T00:00:00.000Z' };

  it('has each platform, and digests and sizes that are true', async () => {
    const images = await Promise.all(
      platforms.map(async (platform) => {
        const layers = [await layerOf([file('a', platform.cpu)]), await layerOf([file('b', 'shared')])];
        return { platform, layers, config: configOf(service!, { platform, release, layers }) };
      }),
    );
    await writeLayout(join(folder, 'layout'), {
      name: 'weir-device-agent:1.2.3',
      images,
      annotations: labelsOf(service!, release),
    });
    const layout = readLayout(join(folder, 'layout'));
    expect(layout.name).toBe('weir-device-agent:1.2.3');
    expect([...layout.images.keys()]).toEqual(['amd64', 'arm64']);
    const { config } = layout.images.get('arm64')!;
    expect(config.config).toMatchObject({
      User: '65532:65532',
      Env: expect.arrayContaining(['WEIR_LISTEN=0.0.0.0:7000']) as string[],
      Labels: {
        'org.opencontainers.image.title': 'weir-device-agent',
        'org.opencontainers.image.revision': 'abc',
        'org.opencontainers.image.version': '1.2.3',
      },
      Healthcheck: { Test: ['CMD', '/usr/bin/node', '/opt/weir/health.js', '--agent'] },
    });
  });
});

describe('what an image is made of', () => {
  it('is the packages of its platform alone, each as it is pinned', () => {
    for (const platform of platforms) {
      const needed = neededOn(platform, ['onnxruntime-node', 'sharp']);
      const names = needed.map(({ name }) => name);
      expect(names).toContain(`@img/sharp-libvips-linux-${platform.cpu}`);
      expect(names).toContain('onnxruntime-common');
      expect(names.filter((name) => /darwin|win32|musl|wasm/.test(name))).toEqual([]);
      for (const { integrity } of needed) expect(integrity).toMatch(/^sha512-/);
    }
  });

  it('is listed once each, by package URL', () => {
    const zod = lockedAt('node_modules/zod');
    const sbom = sbomOf({
      name: 'weir-console',
      version: '1',
      npm: [zod, zod, lockedAt('node_modules/@grpc/grpc-js')],
      debian: [{ name: 'libstdc++6', version: '12.2.0-14+deb12u1', architecture: 'amd64' }],
    });
    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      components: [
        { purl: 'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64' },
        { purl: expect.stringMatching(/^pkg:npm\/%40grpc\/grpc-js@\d/) as string },
        { purl: `pkg:npm/zod@${zod.version}`, licenses: [{ expression: 'MIT' }] },
      ],
    });
  });
});

describe('a stripped program', () => {
  it('is smaller and runs as before', () => {
    const program = join(folder, 'node');
    const whole = readFileSync(process.execPath);
    const short = stripped(whole);
    expect(short.length).toBeLessThan(whole.length);
    copyFileSync(process.execPath, program);
    writeFileSync(program, short);
    expect(execFileSync(program, ['-e', 'process.stdout.write(String(1 + 1))']).toString()).toBe('2');
  });

  it('is only what is one', () => {
    const text = Buffer.from('no program'.repeat(20));
    expect(stripped(text)).toBe(text);
  });
});
