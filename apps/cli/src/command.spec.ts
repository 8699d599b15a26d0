import { ConfigError, Exit } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CommandContext, defineCommand } from './command.ts';

const schema = z.object({ json: z.boolean().default(false).describe('One JSON document.') });

async function runIt(argv: string[], run: (context: CommandContext) => void) {
  const written = { stdout: '', stderr: '' };
  const command = defineCommand({
    name: 'weir demo',
    summary: 'Shows output.',
    schema,
    run: async (_config, context) => run(context),
  });
  await command(
    { argv, env: {} },
    {
      signal: new AbortController().signal,
      stdout: (text) => (written.stdout += text),
      stderr: (text) => (written.stderr += text),
    },
  );
  return written;
}

const talk = ({ out, print, progress }: CommandContext) => {
  progress('working');
  print('hello');
  out({ answer: 42 });
};

describe('defineCommand', () => {
  it('writes lines for people without --json', async () => {
    expect(await runIt([], talk)).toEqual({ stdout: 'hello\n', stderr: 'working\n' });
  });

  it('writes exactly one document to stdout with --json', async () => {
    expect(await runIt(['--json'], talk)).toEqual({ stdout: '{"answer":42}\n', stderr: 'working\n' });
  });

  it('refuses a second document and a missing one', async () => {
    await expect(runIt(['--json'], ({ out }) => (out({}), out({})))).rejects.toThrow(/second JSON document/);
    await expect(runIt(['--json'], () => {})).rejects.toThrow(/no JSON document/);
  });

  it('has been interrupted where it fails after Ctrl-C, and has failed otherwise', async () => {
    const stop = new AbortController();
    const command = defineCommand({
      name: 'weir demo',
      summary: 'Fails.',
      schema,
      run: () => Promise.reject(new Error('no')),
    });
    const io = { signal: stop.signal, stdout: () => {}, stderr: () => {} };
    await expect(command({ argv: [], env: {} }, io)).rejects.toThrow('no');
    stop.abort();
    expect(await command({ argv: [], env: {} }, io)).toBe(Exit.interrupted);
  });

  it('refuses bad flags before it runs', async () => {
    await expect(runIt(['--jsn'], talk)).rejects.toThrow(ConfigError);
  });
});
