import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageConfig {
  readonly architecture: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** The images of an OCI layout by architecture; throws where a blob is not what its descriptor says. */
export function readLayout(folder: string): {
  readonly name: string;
  readonly images: ReadonlyMap<string, { readonly config: ImageConfig; readonly layers: readonly Buffer[] }>;
} {
  const blob = ({ digest, size }: Descriptor): Buffer => {
    const bytes = readFileSync(join(folder, 'blobs', digest.replace(':', '/')));
    if (bytes.length !== size) throw new Error(`${digest} has ${bytes.length} bytes instead of ${size}`);
    if (sha256(bytes) !== digest) throw new Error(`${digest} is ${sha256(bytes)}`);
    return bytes;
  };
  const json = <Value>(bytes: Buffer) => JSON.parse(bytes.toString()) as Value;
  const version = json<{ imageLayoutVersion: string }>(readFileSync(join(folder, 'oci-layout')));
  if (version.imageLayoutVersion !== '1.0.0') throw new Error('unknown version of the layout');

  const [named, ...others] = json<{ manifests: Descriptor[] }>(
    readFileSync(join(folder, 'index.json')),
  ).manifests;
  if (!named || others.length > 0) throw new Error('expected one image');
  const images = new Map(
    json<{ manifests: Descriptor[] }>(blob(named)).manifests.map((descriptor) => {
      const manifest = json<{ config: Descriptor; layers: Descriptor[] }>(blob(descriptor));
      const config = json<ImageConfig>(blob(manifest.config));
      const layers = manifest.layers.map((layer) => gunzipSync(blob(layer)));
      if (layers.map(sha256).join() !== config.rootfs.diff_ids.join())
        throw new Error('the layers unpack to something else than the configuration says');
      if (config.architecture !== descriptor.platform?.architecture)
        throw new Error('the index and the configuration name different platforms');
      return [config.architecture, { config, layers }] as const;
    }),
  );
  return { name: named.annotations!['org.opencontainers.image.ref.name']!, images };
}

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
