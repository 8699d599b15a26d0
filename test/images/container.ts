import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../support/oci-layout.ts';

/** An image's root file system, for any number of containers. */
export interface Container {
  readonly config: ImageConfig['config'];
  /** A command line that runs another within: read-only but for /tmp and its data, as the image's user, with its variables. */
  command(argv: readonly string[], environment: Readonly<Record<string, string>>): string[];
  /** Puts an operator's files into a folder of /etc/weir: texts, and copies of files. Gives its path within. */
  configure(name: string, files: Readonly<Record<string, { text: string } | { file: string }>>): string;
}

/** Unpacks an image. Needs root. */
export function unpack(
  root: string,
  { config, layers }: { readonly config: ImageConfig; readonly layers: readonly Buffer[] },
): Container {
  mkdirSync(root, { recursive: true });
  for (const layer of layers) execFileSync('tar', ['-xpf', '-', '-C', root], { input: layer });
  const inside = [
    'mount --bind "$0" "$0"',
    'mount -o remount,ro,bind "$0"',
    'mount -t tmpfs tmpfs "$0/tmp"',
    'mount -t proc proc "$0/proc"',
    'mount -t tmpfs -o uid=65532,gid=65532 tmpfs "$0/var/lib/weir"',
    `exec chroot --userspec=${config.config.User} "$0" "$@"`,
  ].join(' && ');
  return {
    config: config.config,
    command: (argv, environment) => [
      ...['env', '-i', ...config.config.Env],
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...['/usr/bin/unshare', '--mount', '/bin/sh', '-c', `PATH=/usr/sbin:/usr/bin:/bin; ${inside}`, root],
      ...argv,
    ],
    configure(name, files) {
      const folder = join('/etc/weir', name);
      mkdirSync(join(root, folder));
      for (const [file, from] of Object.entries(files)) {
        const path = join(root, folder, file);
        if ('text' in from) writeFileSync(path, from.text);
        else copyFileSync(from.file, path);
        chmodSync(path, 0o644);
      }
      return folder;
    },
  };
}
