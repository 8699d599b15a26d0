import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, type Layer } from './layer.ts';
import type { Platform } from './platform.ts';

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** One image of one platform. */
export interface PlatformImage {
  readonly platform: Platform;
  readonly config: object;
  readonly layers: readonly Layer[];
}

/**
 * Writes an OCI image layout, one image for several platforms, as skopeo, podman and docker read it.
 * Source: github.com/opencontainers/image-spec, image-layout.md, 1.1.
 */
export async function writeLayout(
  folder: string,
  {
    name,
    images,
    annotations,
  }: {
    /** With its tag. */
    readonly name: string;
    readonly images: readonly PlatformImage[];
    readonly annotations: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const blobs = join(folder, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const put = async (mediaType: string, bytes: Buffer, digest = digestOf(bytes)) => {
    await writeFile(join(blobs, digest.replace('sha256:', '')), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));

  const manifests = [];
  for (const { platform, config, layers } of images) {
    const manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: await put(types.config, json(config)),
      layers: await Promise.all(layers.map(({ gzip, digest }) => put(types.layer, gzip, digest))),
      annotations,
    };
    manifests.push({
      ...(await put(types.manifest, json(manifest))),
      platform: { os: 'linux', architecture: platform.architecture },
    });
  }
  const index = await put(
    types.index,
    json({ schemaVersion: 2, mediaType: types.index, manifests, annotations }),
  );
  const named = { ...index, annotations: { 'org.opencontainers.image.ref.name': name } };
  await writeFile(
    join(folder, 'index.json'),
    json({ schemaVersion: 2, mediaType: types.index, manifests: [named] }),
  );
  await writeFile(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}
