import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundledFile, bundle } from '../bundle/build.ts';
import { nativeEntries, nodeEntries, programEntries } from './contents.ts';
import { debianBase } from './debian.ts';
import { configOf, labelsOf, nameOf, type Release } from './image.ts';
import { type Entry, type Layer, layerOf } from './layer.ts';
import { writeLayout } from './oci-layout.ts';
import { type Platform, platforms } from './platform.ts';
import { sbomOf } from './sbom.ts';
import { type Service, services } from './services.ts';

const root = join(import.meta.dirname, '../..');

/** An image as built; sizes in bytes, of one platform. */
export interface BuiltImage {
  readonly name: string;
  readonly folder: string;
  readonly sizes: readonly {
    readonly architecture: string;
    /** As a registry holds it. */
    readonly compressedBytes: number;
    readonly unpackedBytes: number;
    /** In its list. */
    readonly packages: number;
  }[];
}

/** Writes an OCI layout and a list of what is in it for each image: `into/weir-telemetry/`, `into/weir-telemetry.amd64.cdx.json`. */
export async function buildImages(
  into: string,
  { on = platforms }: { on?: readonly Platform[] } = {},
): Promise<readonly BuiltImage[]> {
  await rm(into, { recursive: true, force: true });
  const programs = join(into, '.programs');
  const bundled = await bundle(programs);
  const release = await currentRelease();
  const bases = new Map<Platform, Base>();
  for (const platform of on) bases.set(platform, await baseOf(platform));
  const built: BuiltImage[] = [];
  for (const service of services)
    built.push(await buildImage(service, { into, programs, bundled, release, bases }));
  await rm(programs, { recursive: true });
  return built;
}

interface Base {
  readonly debian: Awaited<ReturnType<typeof debianBase>>;
  readonly node: Awaited<ReturnType<typeof nodeEntries>>;
  /** What images have in common is packed once. */
  readonly layer: (entries: readonly Entry[]) => Promise<Layer>;
}

async function baseOf(platform: Platform): Promise<Base> {
  const packed = new Map<string, Promise<Layer>>();
  return {
    debian: await debianBase(platform),
    node: await nodeEntries(platform),
    layer(entries) {
      const key = entries.map(({ path }) => path).join('\n');
      const layer = packed.get(key) ?? layerOf(entries);
      packed.set(key, layer);
      return layer;
    },
  };
}

async function buildImage(
  service: Service,
  {
    into,
    programs,
    bundled,
    release,
    bases,
  }: {
    into: string;
    programs: string;
    bundled: readonly BundledFile[];
    release: Release;
    bases: ReadonlyMap<Platform, Base>;
  },
): Promise<BuiltImage> {
  const name = nameOf(service);
  const { code, models, native, packages } = await programEntries(programs, bundled, [
    service.program,
    'health',
    ...(service.tools ?? []),
  ]);
  const images = [];
  for (const [platform, { debian, node, layer }] of bases) {
    const binaries = await nativeEntries(platform, native);
    const groups = [debian.entries, node.entries, binaries.entries, models, code];
    const layers = await Promise.all(groups.filter(({ length }) => length > 0).map(layer));
    const sbom = sbomOf({
      name,
      version: release.version,
      npm: [...packages, ...binaries.packages, node.node],
      debian: debian.packages,
    });
    const config = configOf(service, { platform, release, layers });
    images.push({ platform, layers, config, packages: sbom.components.length });
    const file = join(into, `${name}.${platform.architecture}.cdx.json`);
    await mkdir(into, { recursive: true });
    await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`);
  }
  const folder = join(into, name);
  await writeLayout(folder, {
    name: `${name}:${release.version}`,
    images,
    annotations: labelsOf(service, release),
  });
  return {
    name,
    folder,
    sizes: images.map(({ platform, layers, packages }) => ({
      architecture: platform.architecture,
      compressedBytes: layers.reduce((sum, { gzip }) => sum + gzip.length, 0),
      unpackedBytes: layers.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0),
      packages,
    })),
  };
}

async function currentRelease(): Promise<Release> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  try {
    const git = (...argv: string[]) =>
      execFileSync('git', argv, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const [revision, seconds] = git('log', '-1', '--format=%H %ct').split(' ');
    return { version, revision, created: new Date(Number(seconds) * 1_000).toISOString() };
  } catch {
    return { version, created: new Date(0).toISOString() };
  }
}
