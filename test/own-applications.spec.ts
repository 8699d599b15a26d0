import { readFileSync } from 'node:fs';
import { connectAgent } from '@weir/cell';
import { expect, it } from 'vitest';
import { sample } from './support/client-contract.ts';
import { cellFile, smallCell } from './support/small-cell.ts';
import { weir } from './support/weir.ts';

const twoDevices = cellFile(smallCell({ devices: 2 }));

it('weir up --rate 0 serves the frames of others, sends none, and sums up theirs', async () => {
  const up = weir('up', '--cell', twoDevices, '--rate', '0', '--json');
  const line = await up.line(/^device-1 answers on /);
  {
    await using client = connectAgent(/\S+$/.exec(line)![0]);
    await client.infer({ image: readFileSync(sample(0)) });
    await client.infer({ image: readFileSync(sample(1)) });
  }
  up.child.kill('SIGINT');
  const { code, stdout } = await up.ended;
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({
    rate: 0,
    requests: 2,
    succeeded: 2,
    devices: [
      { id: 'device-1', requests: 2 },
      { id: 'device-2', requests: 0 },
    ],
  });
});

it('weir up --rate 0 does not wait for frames that it would never send', async () => {
  const { code, stderr } = await weir('up', '--rate', '0', '--requests', '5').ended;
  expect(code).toBe(64);
  expect(stderr).toContain('--requests: no frames are sent at --rate 0');
});
