import { percentile, sleep } from '@weir/base';
import sharp from 'sharp';
import { report } from './report.ts';
import type { Stage } from './stage.ts';
import { streamTo } from './worker-stream.ts';

/** Pictures of one caller, and large ones of its neighbour, a second. */
const smallPerSecond = 20;
const largePerSecond = 5;
/** Of all of them alike: time for many large ones even on a machine with other work. */
const timeoutMs = 30_000;
/** A neighbour's large pictures may make another one's small ones so many times as slow, at the median. */
const mostTimes = 5;

/** Small pictures, without and with a neighbour that sends interlaced PNGs of 4096². */
export async function neighbour({ cell, variant, picture, long }: Stage): Promise<void> {
  const large = await sharp({ create: { width: 4_096, height: 4_096, channels: 3, background: '#456' } })
    .png({ progressive: true })
    .toBuffer();
  const address = cell.address('edge-1');
  await using quiet = streamTo(address, { variant, picture });
  await using noisy = streamTo(address, { variant, picture: large });
  /** By arrival, whatever became of those before: one that is kept waiting does not spare others the wait. */
  const p50 = async () => {
    const asked: Promise<number>[] = [];
    const until = performance.now() + (long ? 20_000 : 3_000);
    for (; performance.now() < until; await sleep(1_000 / smallPerSecond)) {
      const at = performance.now();
      asked.push(
        quiet.infer(timeoutMs).then(
          () => performance.now() - at,
          () => Infinity,
        ),
      );
    }
    return percentile(await Promise.all(asked), 0.5);
  };
  await p50();
  const alone = await p50();
  const noise: Promise<unknown>[] = [];
  const sending = setInterval(() => {
    const sent = noisy.infer(timeoutMs);
    sent.catch(() => {});
    noise.push(sent);
  }, 1_000 / largePerSecond);
  const disturbed = await p50();
  clearInterval(sending);
  const answered = await Promise.any(noise).then(
    () => true,
    () => false,
  );
  report('a neighbour with large pictures', [
    [
      `the median of small ones ${alone.toFixed(1)} → ${disturbed.toFixed(1)} ms, ${(disturbed / alone).toFixed(2)} times`,
      disturbed <= mostTimes * alone,
    ],
    [
      `${noise.length} large ones of ${(large.byteLength / 1_000).toFixed(0)} kB sent, ${answered ? 'answered in turn' : 'none answered'}`,
      answered,
    ],
  ]);
}
