import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A file, folder or link of an image; the path has no leading slash. */
export interface Entry {
  readonly path: string;
  readonly content: Buffer | { readonly link: string } | 'folder';
  /** Permissions. @default 0o644, of folders 0o755 */
  readonly mode?: number | undefined;
  /** User and group. @default 0 */
  readonly owner?: number | undefined;
}

/** A layer as it is stored: its bytes, their digest, and the digest of what they unpack to. */
export interface Layer {
  readonly gzip: Buffer;
  readonly digest: string;
  readonly diffId: string;
  readonly unpackedBytes: number;
}

/** The same entries, in whatever order, always make the same bytes. */
export async function layerOf(entries: readonly Entry[]): Promise<Layer> {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries)
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder))
      if (!byPath.has(folder)) byPath.set(folder, { path: folder, content: 'folder' });

  const archive = pack();
  const tar = buffer(archive);
  for (const path of [...byPath.keys()].sort()) {
    const { content, mode, owner = 0 } = byPath.get(path)!;
    const header = { mtime: new Date(0), uid: owner, gid: owner };
    const isFile = Buffer.isBuffer(content);
    if (isFile) archive.entry({ ...header, name: path, mode: mode ?? 0o644 }, content);
    else if (content === 'folder')
      archive.entry({ ...header, name: `${path}/`, type: 'directory', mode: mode ?? 0o755 });
    else archive.entry({ ...header, name: path, type: 'symlink', linkname: content.link, mode: 0o777 });
  }
  archive.finalize();
  const bytes = await tar;
  const gzip = gzipSync(bytes, { level: 9 });
  return {
    gzip,
    digest: digestOf(gzip),
    diffId: digestOf(bytes),
    unpackedBytes: [...byPath.values()].reduce(
      (sum, { content }) => sum + (Buffer.isBuffer(content) ? content.length : 0),
      0,
    ),
  };
}

export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
