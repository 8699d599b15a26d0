import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { entriesOf } from './archive.ts';
import { cacheFolder } from './cache.ts';
import type { Entry } from './layer.ts';
import type { Platform } from './platform.ts';

const run = promisify(execFile);

/** What Node, ONNX Runtime and libvips stand on. Zones of time are Node's own. */
const names = ['base-files', 'ca-certificates', 'libc6', 'libgcc-s1', 'libstdc++6', 'netbase'];

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** The user that services run as: nobody's, as in distroless images. */
export const user = 65_532;

/**
 * The newest packages of the Debian that this machine's apt knows, signatures checked by apt, for any platform, unpacked
 * without running anything of theirs. Needs apt-get and dpkg-deb.
 */
export async function debianBase({ architecture }: Platform): Promise<{
  readonly entries: Entry[];
  readonly packages: DebianPackage[];
}> {
  const folder = await cacheFolder('debian', architecture);
  const downloads = join(folder, 'packages');
  await rm(downloads, { recursive: true, force: true });
  for (const each of ['lists/partial', 'archives/partial', 'packages'])
    await mkdir(join(folder, each), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  const options = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    `Dir::State::lists=${folder}/lists`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}`,
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', [...options, '-qq', 'update']);
  await run('apt-get', [...options, '-qq', 'download', ...names], { cwd: downloads });

  const entries = new Map<string, Entry>();
  const packages: DebianPackage[] = [];
  for (const file of (await readdir(downloads)).sort()) {
    const path = join(downloads, file);
    const fields = await run('dpkg-deb', ['--field', path, 'Package', 'Version', 'Architecture']);
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(fields.stdout)![1]!;
    packages.push({
      name: field('Package'),
      version: field('Version'),
      architecture: field('Architecture'),
    });
    const tar = await run('dpkg-deb', ['--fsys-tarfile', path], { encoding: 'buffer', maxBuffer: 2 ** 28 });
    for (const entry of await entriesOf(tar.stdout)) if (isNeeded(entry)) entries.set(entry.path, entry);
  }
  for (const entry of added(entries)) entries.set(entry.path, entry);
  return { entries: [...entries.values()].filter(({ path }) => !authority.test(path)), packages };
}

/** Certificates of authorities one by one; an image has them in one file. */
const authority = /^usr\/share\/ca-certificates\/.*\.crt$/;

/** Licences stay; conversions of character sets, vector mathematics, manuals and what only other programs of Debian read do not. */
const isNeeded = ({ path, content }: Entry): boolean =>
  content !== 'folder' &&
  (/^usr\/share\/(doc\/[^/]+\/copyright|ca-certificates\/|common-licenses\/)/.test(path) ||
    (!/^usr\/share\//.test(path) &&
      !/\/gconv\/|^usr\/s?bin\/|^s?bin\/|^etc\/update-motd|\/audit\/|\/libmvec\./.test(path)));

/** What installing would have made, and a user. */
function added(unpacked: ReadonlyMap<string, Entry>): Entry[] {
  const authorities = [...unpacked.values()]
    .filter(({ path }) => authority.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ content }) => content as Buffer);
  return [
    { path: 'etc/ssl/certs/ca-certificates.crt', content: Buffer.concat(authorities) },
    {
      path: 'etc/passwd',
      content: Buffer.from(
        `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${user}:${user}:nonroot:/:/sbin/nologin\n`,
      ),
    },
    { path: 'etc/group', content: Buffer.from(`root:x:0:\nnonroot:x:${user}:\n`) },
    { path: 'etc/nsswitch.conf', content: Buffer.from('hosts: files dns\n') },
    ...['dev', 'etc/weir', 'proc', 'run', 'sys'].map((path) => ({ path, content: 'folder' as const })),
    { path: 'tmp', content: 'folder', mode: 0o1777 },
    { path: 'var/lib/weir', content: 'folder', owner: user, mode: 0o750 },
  ];
}
