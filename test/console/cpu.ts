import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { seededRandom, silentLogger, systemClock, sleep } from '@weir/base';
import { connectAgent, drive, exampleCell, startCell, startConsole } from '@weir/cell';
import { loadFamily, loadSamples } from '@weir/inference';
import { descendants } from '../support/weir.ts';

/**
 * `npm run measure:console`: the share of one core that the console's process takes over a living cell with frames
 * flowing, with one page open and with none. Prints one JSON document.
 */
const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '5' },
    rate: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '30' },
  },
});
const [devices, rate, seconds] = [values.devices, values.rate, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const warmUpMs = 5_000;

await using cell = await startCell(exampleCell({ devices, accuracyFloor: 0.72 }), { logger: silentLogger });
await using page = await startConsole(cell, { logger: silentLogger });
const pid = descendants(process.pid).find((candidate) =>
  readFileSync(`/proc/${candidate}/cmdline`, 'utf8').includes('apps/console/'),
)!;
const samples = await Promise.all(
  (await loadSamples(await loadFamily())).slice(0, 40).map(async ({ path, label }) => ({
    file: path,
    label,
    image: await readFile(path),
  })),
);
let frames = 0;
const stop = new AbortController();
const driving = cell.devices.map(async ({ id, address }, index) => {
  await using client = connectAgent(address);
  await drive({
    client,
    samples,
    arrivals: { pattern: 'periodic', rate, frames: Infinity },
    clock: systemClock,
    random: seededRandom(index),
    signal: stop.signal,
    onAnswer(answer) {
      frames++;
      page.answered(id, answer);
    },
    onFailure: (error) => page.failed(id, String(error)),
  });
});

const none = await share();
const leave = new AbortController();
let bytes = 0;
const reading = (async () => {
  const response = await fetch(`${page.url}events`, { signal: leave.signal });
  for await (const chunk of response.body! as AsyncIterable<Uint8Array>) bytes += chunk.byteLength;
})().catch(() => {});
const one = await share();
leave.abort();
stop.abort();
await Promise.all([reading, ...driving]);
console.log(
  JSON.stringify({
    devices,
    framesPerSecondAndDevice: rate,
    seconds,
    frames,
    shareOfOneCore: { noPage: none, onePage: one },
    kilobytesPerSecondToThePage: Math.round(bytes / (seconds + warmUpMs / 1_000) / 100) / 10,
  }),
);

/** Of the console's process, 0..1, once it is warm. */
async function share(): Promise<number> {
  await sleep(warmUpMs);
  const [before, startedAt] = [cpuSeconds(), performance.now()];
  await sleep(seconds * 1_000);
  return Math.round(((cpuSeconds() - before) / ((performance.now() - startedAt) / 1_000)) * 10_000) / 10_000;
}

/** User and system time of the process with all its threads. Linux. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond();
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
}
