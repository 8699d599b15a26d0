import { callUnary, checkHealth, connect, openDuplex } from '@weir/rpc';
import { worker } from '@weir/proto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { request, small } from './worker.fixture.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

describe('inference worker process', () => {
  it('says in one line where it serves, and on SIGTERM answers what it accepted before it ends', async () => {
    const factor = String(300 / small.referenceMs!);
    const argv = [main, '--variants', small.name, '--dilation-factor', factor, '--log-level', 'warn'];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    const output = createInterface({ input: child.stdout });
    output.on('line', (line) => lines.push(line));
    const exited = once(child, 'exit');
    await once(output, 'line');
    const { service, address } = JSON.parse(lines[0]!) as { service: string; address: string };
    expect(service).toBe('inference-worker');

    await using connection = connect(address);
    expect(await checkHealth(connection)).toBe('SERVING');
    const client = connection.client(worker.InferenceWorkerClient);
    const stream = openDuplex(client, client.streamInfer);
    await stream.send({ message: { $case: 'infer', value: request({ requestId: 'last' }) } });
    await stream.send({ message: { $case: 'ping', value: { sequence: 1, payload: Buffer.alloc(0) } } });
    const seen: string[] = [];
    for await (const { message } of stream) {
      if (message?.$case !== 'load') seen.push(message!.$case);
      // The ping came after the request: that is accepted by now, and takes a while.
      if (message?.$case === 'pong') child.kill('SIGTERM');
    }
    expect(seen).toEqual(['pong', 'result']);
    expect(await exited).toEqual([0, null]);
    expect(lines).toHaveLength(1);
    await expect(callUnary(client, client.listVariants, {})).rejects.toMatchObject({ status: 'UNAVAILABLE' });
  });

  it('names every fault of its flags and exits with 64', async () => {
    const child = spawn(process.execPath, [main, '--slots=0', '--nonsense'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, 'close')).toEqual([64, null]);
    expect(stderr).toContain('--slots');
    expect(stderr).toContain('--nonsense');
  });
});
