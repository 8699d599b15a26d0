import { readFileSync } from 'node:fs';
import { runMain } from '@weir/base';
import { commands } from './commands.ts';
import { route } from './route.ts';

await runMain(async ({ signal }) => {
  const argv = process.argv.slice(2);
  if (argv[0] === '--version') {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    process.stdout.write(`weir ${(JSON.parse(manifest) as { version: string }).version}\n`);
    return;
  }
  const { entry, argv: rest } = route(argv, commands);
  const { default: run } = await entry.load();
  return run(
    { argv: rest, env: process.env },
    {
      signal,
      stdout: (text) => void process.stdout.write(text),
      stderr: (text) => void process.stderr.write(text),
    },
  );
});
