import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ImageConfig } from '../support/oci-layout.ts';

/** An image's root file system. */
export interface Container {
  readonly root: string;
  /** A command line that runs another within: read-only but for /tmp and its data, as the image's user, with its variables. */
  command(argv: readonly string[], environment: Readonly<Record<string, string>>): string[];
}

/** Unpacks an image, with files of an operator in /etc/weir. Needs root. */
export function unpack(
  root: string,
  { config, layers }: { readonly config: ImageConfig; readonly layers: readonly Buffer[] },
  files: Readonly<Record<string, string>>,
): Container {
  mkdirSync(root, { recursive: true });
  for (const layer of layers) execFileSync('tar', ['-xpf', '-', '-C', root], { input: layer });
  for (const [name, from] of Object.entries(files)) {
    copyFileSync(from, join(root, 'etc/weir', name));
    chmodSync(join(root, 'etc/weir', name), 0o644);
  }
  const inside = [
    'mount --bind "$0" "$0"',
    'mount -o remount,ro,bind "$0"',
    'mount -t tmpfs tmpfs "$0/tmp"',
    'mount -t proc proc "$0/proc"',
    'mount -t tmpfs -o uid=65532,gid=65532 tmpfs "$0/var/lib/weir"',
    `exec chroot --userspec=${config.config.User} "$0" "$@"`,
  ].join(' && ');
  return {
    root,
    command: (argv, environment) => [
      ...['env', '-i', ...config.config.Env],
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...['/usr/bin/unshare', '--mount', '/bin/sh', '-c', `PATH=/usr/sbin:/usr/bin:/bin; ${inside}`, root],
      ...argv,
    ],
  };
}

/** A port of 127.0.0.1 that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
