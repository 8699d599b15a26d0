import type { CellDescription } from '@weir/cell';
import { readFileSync } from 'node:fs';
import type { SeenFrame } from './history.ts';

/** What is known of a variant before anything is learned. */
export interface KnownVariant {
  readonly name: string;
  /** Of one inference on a processor of dilation 1, ms. */
  readonly referenceMs: number;
  /** 0..1. */
  readonly accuracy: number;
}

/** What frames are about: variants, and the bytes of a picture. */
export interface Work {
  readonly variants: readonly KnownVariant[];
  readonly frameBytes: number;
}

/** As the manifest of the embedded family says; a picture of it has some 10 kB. */
export function embeddedVariants(): Work {
  const manifest = new URL('../../libs/inference/models/manifest.json', import.meta.url);
  const { variants } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    variants: { name: string; referenceMs: number; accuracy: { top1: number } }[];
  };
  return {
    variants: variants.map(({ accuracy, ...known }) => ({ ...known, accuracy: accuracy.top1 })),
    frameBytes: 10_000,
  };
}

/** A frame's way, each way, and its work at one node, ms, with the quickest variant at or above the floor. */
interface Place {
  readonly nodeId: string;
  readonly responseMs: number;
}

/**
 * Where each device's frames are answered soonest, by the description of the cell alone: emulated processors and links, with
 * nobody in the way. Throws where the second best place is so near that a busy machine could make it the best.
 */
export function bestPlacement(
  { devices, nodes, links, objective }: CellDescription,
  { variants, frameBytes }: Work,
): ReadonlyMap<string, string> {
  const allowed = variants.filter(({ accuracy }) => accuracy >= objective.accuracyFloor);
  const workMs = (dilation: number) => dilation * Math.min(...allowed.map(({ referenceMs }) => referenceMs));
  return new Map(
    devices.map((device) => {
      const remote = nodes.map(({ id, tier, dilationFactor }): Place => {
        const { delayMs, bitsPerSecond } = links[device.links][tier];
        const networkMs = 2 * delayMs + (8_000 * frameBytes) / bitsPerSecond;
        return { nodeId: id, responseMs: networkMs + workMs(dilationFactor) };
      });
      const local = { nodeId: device.id, responseMs: workMs(device.dilationFactor) };
      const [best, second] = [local, ...remote].toSorted((a, b) => a.responseMs - b.responseMs);
      if (second!.responseMs < 2 * best!.responseMs)
        throw new Error(`${device.id}: ${best!.nodeId} and ${second!.nodeId} are too near each other`);
      return [device.id, best!.nodeId];
    }),
  );
}

/** Frames by which a device's placement is judged, and how many of them may be elsewhere: exploring never ends. */
const newest = { frames: 20, elsewhere: 3 };

/** Devices whose newest frames, sent after `since`, are not answered at their best place, and what they were. */
export function elsewhere(
  best: ReadonlyMap<string, string>,
  frames: readonly SeenFrame[],
  since: number,
): readonly string[] {
  return [...best].flatMap(([deviceId, nodeId]) => {
    const answers = frames
      .filter((frame) => frame.deviceId === deviceId && frame.sentAt > since)
      .slice(-newest.frames)
      .map(({ answer, failure }) => answer?.nodeId ?? failure ?? 'nothing');
    const wrong = answers.filter((at) => at !== nodeId);
    return answers.length === newest.frames && wrong.length <= newest.elsewhere
      ? []
      : [
          `${deviceId} is to be at ${nodeId}; the newest ${answers.length} of its frames: ${answers.join(', ')}`,
        ];
  });
}
