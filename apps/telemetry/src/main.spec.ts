import { connect, checkHealth } from '@weir/rpc';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

describe('telemetry process', () => {
  it('says on stdout, in one line of JSON, where it serves, and ends well on SIGTERM', async () => {
    const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    const output = createInterface({ input: child.stdout });
    output.on('line', (line) => lines.push(line));
    const exited = once(child, 'exit');
    await once(output, 'line');
    const { service, address } = JSON.parse(lines[0]!) as { service: string; address: string };
    expect(service).toBe('telemetry');
    {
      await using connection = connect(address);
      expect(await checkHealth(connection)).toBe('SERVING');
    }
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(lines).toHaveLength(1);
  });

  it('names every fault of its flags and exits with 64', async () => {
    const child = spawn(process.execPath, [main, '--max-cells=0', '--nonsense'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, 'close')).toEqual([64, null]);
    expect(stderr).toContain('--max-cells');
    expect(stderr).toContain('--nonsense');
  });
});
