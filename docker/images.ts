import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildImages } from './images/build.ts';
import { tellImages } from './images/tell.ts';

/**
 * `npm run images`: OCI layouts in `images/`, the same bytes wherever the same packages are to be had, loaded into docker or
 * podman where one of them runs.
 */
const into = join(import.meta.dirname, '../images');
const built = await buildImages(into);
tellImages(built, into);

const engine = ['podman', 'docker'].find(
  (each) => spawnSync(each, ['info'], { stdio: 'ignore' }).status === 0,
);
if (!engine) console.log('Neither podman nor docker runs here: nothing was loaded into one.');
else
  for (const { name, folder } of built) {
    const archive = spawnSync('tar', ['-C', folder, '-cf', '-', '.'], { maxBuffer: 2 ** 30 }).stdout;
    const { status } = spawnSync(engine, ['load'], { input: archive, stdio: ['pipe', 'inherit', 'inherit'] });
    if (status !== 0) {
      console.error(`${engine} does not take ${name}`);
      process.exitCode = 1;
    }
  }
