import { type Random, sleep } from '@weir/base';
import { connectAgent, type RunningCell } from '@weir/cell';
import type { agent } from '@weir/proto';
import { readdirSync, readFileSync } from 'node:fs';
import { lookFingerprint } from './fingerprint.ts';
import type { SeenAnswer, SeenFrame } from './history.ts';

/** Time from one frame of a device to its next, whatever becomes of it, ms. */
const periodMs = 350;
/** What a frame is given: many times what the slowest device takes for one by itself, ms. */
const timeoutMs = 4_000;
/** Longest wait for frames under way when an application stops, ms. */
const farewellMs = 10_000;

/** An application for each device. */
export interface Applications extends AsyncDisposable {
  /** No more frames; resolves when all have ended, or will not end. */
  stop(): Promise<void>;
}

export function startApplications(
  { devices }: RunningCell,
  { random, onFrame }: { random: Random; onFrame: (frame: SeenFrame) => void },
): Applications {
  const pictures = somePictures();
  const started = devices.map((device) =>
    startApplication(device, () => pictures[random.integer(pictures.length)]!, onFrame),
  );
  let stopped: Promise<unknown> | undefined;
  const stop = async () => void (await (stopped ??= Promise.all(started.map((one) => one.stop()))));
  return { stop, [Symbol.asyncDispose]: stop };
}

function startApplication(
  { id: deviceId, address }: RunningCell['devices'][number],
  picture: () => Uint8Array,
  /** Called when a frame has ended, or never will. */
  onFrame: (frame: SeenFrame) => void,
): Pick<Applications, 'stop'> {
  const client = connectAgent(address);
  const open = new Map<number, { readonly sentAt: number; readonly ending: Promise<void> }>();
  let frames = 0;
  const send = () => {
    const number = ++frames;
    const sentAt = performance.now();
    const ended = (how: Pick<SeenFrame, 'answer'> | Pick<SeenFrame, 'failure'>) => {
      if (open.delete(number)) onFrame({ deviceId, sentAt, timeoutMs, endedAt: performance.now(), ...how });
    };
    const ending = client.infer({ image: picture(), timeoutMs }).then(
      (response) => ended({ answer: seenAnswer(deviceId, response) }),
      (error: unknown) => ended({ failure: String(error) }),
    );
    open.set(number, { sentAt, ending });
  };
  const timer = setInterval(send, periodMs);
  return {
    async stop() {
      clearInterval(timer);
      const endings = [...open.values()].map(({ ending }) => ending);
      await Promise.race([Promise.all(endings), sleep(farewellMs)]);
      for (const { sentAt } of open.values()) onFrame({ deviceId, sentAt, timeoutMs, endedAt: Infinity });
      open.clear();
      await client[Symbol.asyncDispose]();
    },
  };
}

function seenAnswer(deviceId: string, response: agent.InferResponse): SeenAnswer {
  const looks = response.looks.filter(({ failure }) => failure === '');
  return {
    nodeId: response.placement?.nodeId ?? '',
    promised: response.expectedAccuracy,
    looks: looks.map(({ hops }) => lookFingerprint(deviceId, hops!)),
  };
}

function somePictures(): readonly Buffer[] {
  const folder = new URL('../../libs/inference/models/samples/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.png'));
  return names.slice(0, 100).map((name) => readFileSync(new URL(name, folder)));
}
