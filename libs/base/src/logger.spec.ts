import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const logger = new URL('logger.ts', import.meta.url);

it('writes a line a message to stderr, with the name of its level, the time, the service and the fields', () => {
  const script = `import { createLogger } from '${logger.href}';
    const logger = createLogger({ service: 'telemetry' });
    for (const level of ['debug', 'info', 'warn', 'error'])
      logger[level]({ node: 'edge-1', err: new Error('boom') }, 'hello');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ level }) => level)).toEqual(['info', 'warn', 'error']);
  for (const line of lines)
    expect(line).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      service: 'telemetry',
      node: 'edge-1',
      msg: 'hello',
      err: { message: 'boom', stack: expect.stringContaining('Error: boom') as string },
    });
});
