import { performance } from 'node:perf_hooks';
import { seededRandom, systemClock } from '@weir/base';
import { type Sample, Tally, connectAgent, drive, startTruthReports } from '@weir/cell';
import type { LiveCell, RunReport } from './live-cell.ts';
import { liveView } from './live-view.ts';
import { report } from './report.ts';
import { type DeviceView, line, table } from './view.ts';

export interface Traffic {
  readonly samples: readonly Sample[];
  readonly arrivals: 'periodic' | 'poisson';
  /** Frames per second per device, > 0. */
  readonly rate: number;
  /** Frames of all devices together; undefined: until the signal. */
  readonly requests?: number | undefined;
  readonly seed: number;
}

type DeviceState = Omit<DeviceView, 'measured'> & { measured?: DeviceView['measured'] };

/** Sends labelled pictures through a cell until all are answered or the signal comes. */
export async function sendFrames(live: LiveCell, traffic: Traffic): Promise<RunReport> {
  const { cell, description, context, learner, page, json, signal } = live;
  const devices = cell.devices.map(({ id }): DeviceState => ({ id, tally: new Tally() }));
  const all = new Tally();
  const startedAt = performance.now();
  let firstAnswerMs: number | undefined;
  {
    const known = () => learner.accuracy();
    const shows = {
      table: (notes: readonly string[], heading: string, width?: number) =>
        table(devices, notes, heading, width),
      line: () => line(devices),
    };
    using _view = liveView({ cell, shows, context, json, url: page?.url, known });
    await Promise.all(
      cell.devices.map(async ({ id, address }, index) => {
        const device = devices[index]!;
        const { tally } = device;
        await using client = connectAgent(address);
        await using truths = startTruthReports({
          client,
          clock: systemClock,
          onMeasured: (measured) => (device.measured = measured),
        });
        await drive({
          client,
          samples: traffic.samples,
          arrivals: {
            pattern: traffic.arrivals,
            rate: traffic.rate,
            frames: framesOf(traffic, devices.length, index),
          },
          clock: systemClock,
          random: seededRandom(traffic.seed).fork(`device ${index}`),
          signal,
          onAnswer(answer, { label }) {
            // Since this process started: the wait of a user who typed the command.
            firstAnswerMs ??= performance.now();
            tally.answered(answer);
            all.answered(answer);
            if (label !== undefined) truths.add({ requestId: answer.response.requestId, label });
            page?.answered(id, answer);
          },
          onFailure(error) {
            const why = error instanceof Error ? error.message : String(error);
            tally.failed(why);
            all.failed(why);
            page?.failed(id, why);
          },
        });
      }),
    );
  }
  const reported = report({
    description,
    devices,
    all,
    restarts: cell.restarts(),
    metrics: cell.metrics,
    seconds: (performance.now() - startedAt) / 1_000,
    firstAnswerMs,
    learning: learner.learning(),
    known: learner.accuracy(),
    tensors: traffic.samples.some((sample) => 'tensors' in sample),
  });
  return { ...reported, failed: all.totals().failed > 0 };
}

/** One device's share of the frames. */
function framesOf({ requests }: Traffic, devices: number, index: number): number {
  if (requests === undefined) return Infinity;
  return Math.floor(requests / devices) + (index < requests % devices ? 1 : 0);
}
