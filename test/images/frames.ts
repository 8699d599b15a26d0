import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { connectAgent } from '@weir/cell';

/** What the test and its application agree on. */
export interface FramesAsked {
  /** `HOST:PORT` of each agent, by its device. */
  readonly agents: Readonly<Record<string, string>>;
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly picture: string;
}

/** Of one frame; one of the two. */
export interface FrameTold {
  readonly device: string;
  readonly nodeId?: string;
  readonly error?: string;
}

/** Between the answer to a frame and the next one of a device, ms. */
const pauseMs = 30;

/**
 * An application in a network that the test itself is not in: sends a picture to each agent, one after the other, until its input
 * ends, and tells how each fared as a line of JSON.
 */
const { agents, tls, picture } = JSON.parse(process.argv[2]!) as FramesAsked;
const image = readFileSync(picture);
let goesOn = true;
process.stdin.on('end', () => (goesOn = false)).resume();
await Promise.all(
  Object.entries(agents).map(async ([device, address]) => {
    await using client = connectAgent(address, { tls });
    while (goesOn) {
      const told: FrameTold = await client.infer({ image }).then(
        ({ placement }) => ({ device, nodeId: placement!.nodeId }),
        (error: unknown) => ({ device, error: String(error) }),
      );
      console.log(JSON.stringify(told));
      await setTimeout(pauseMs);
    }
  }),
);
