import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildImages } from '../../docker/images/build.ts';
import { tellImages } from '../../docker/images/tell.ts';
import { cannotRun, runSuite } from '../suite.ts';

/**
 * `npm run test:images`: builds the images of every service, runs them as a cell without a container engine (as root, each in
 * its own root file system, read-only, as its own user, with a network of its own), a cell by the lines of docs/certificates.md in
 * such networks, and an installation without development packages. Needs apt-get, dpkg-deb, unshare, nsenter, ip, root and the
 * registries. Ends with `N passed, N failed`.
 */
const folder = import.meta.dirname;
const missing = ['apt-get', 'dpkg-deb', 'unshare', 'nsenter', 'chroot', 'ip'].filter(
  (tool) => spawnSync(tool, [tool === 'ip' ? '-Version' : '--version']).status !== 0,
);
if (missing.length > 0)
  cannotRun(
    `The images are not tested: ${missing.join(', ')} missing; they come with Debian (ip with iproute2).`,
  );
else if (process.getuid?.() !== 0)
  cannotRun('The images are not tested: that needs root, for file systems and networks of their own.');
else {
  const into = join(folder, '.weir/images');
  if (!process.env.WEIR_IMAGES) tellImages(await buildImages(into), into);
  runSuite(folder, 'images', { env: { WEIR_IMAGES: process.env.WEIR_IMAGES ?? into } });
}
