import { checkHealth, connect } from '@weir/rpc';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

describe('device-agent process', () => {
  it('says on stdout, in one line of JSON, where it serves, and ends well on SIGTERM', async () => {
    const child = spawn(process.execPath, [main, '--local-variants=mobilenet-v1-0.25-int8'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, WEIR_LOG_LEVEL: 'warn' },
    });
    const lines: string[] = [];
    const output = createInterface({ input: child.stdout });
    output.on('line', (line) => lines.push(line));
    const exited = once(child, 'exit');
    await once(output, 'line');
    const { service, address } = JSON.parse(lines[0]!) as { service: string; address: string };
    expect(service).toBe('device-agent');
    {
      await using connection = connect(address);
      expect(await checkHealth(connection)).toBe('SERVING');
    }
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(lines).toHaveLength(1);
  });

  it.each([
    [
      'exits with 64 and names every fault of its flags',
      ['--slots=0', '--nonsense'],
      64,
      /--slots.*\n.*--nonsense|--nonsense.*\n.*--slots/,
    ],
    ['exits with 1 and says so when a variant is unknown', ['--local-variants=none-such'], 1, /none-such/],
    [
      'exits with 64 for a floor that its family does not reach',
      ['--accuracy-floor=90%'],
      64,
      /best variant, 0\.868/,
    ],
    ['exits with 64 when plain text would leave the machine', ['--listen=0.0.0.0:0'], 64, /loopback/],
  ])('%s', async (_, flags, code, message) => {
    const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, 'close')).toEqual([code, null]);
    expect(stderr).toMatch(message);
  });
});
