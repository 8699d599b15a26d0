import { z } from 'zod';
import type { Batch } from '../experience.ts';

/** How much there is of outcomes; bytes of their texts. */
export interface Volume {
  readonly outcomes: number;
  readonly bytes: number;
}

/** A message of the stream of outcomes: what was new in some batches of one cell. */
export interface OutcomesMessage {
  /** Of the process that wrote it: it owned the cell. */
  readonly epoch: number;
  /** What the cell has with this message. */
  readonly kept: Volume;
  readonly batches: readonly Omit<Batch, 'cellId'>[];
}

const schema = z.object({
  epoch: z.number(),
  kept: z.object({ outcomes: z.number(), bytes: z.number() }),
  batches: z.array(
    z.object({
      deviceId: z.string(),
      instanceId: z.string(),
      oldestPending: z.number(),
      records: z.array(z.object({ sequence: z.number(), outcome: z.string().optional() })),
    }),
  ),
});

export const messageToBytes = ({ epoch, kept, batches }: OutcomesMessage): string =>
  JSON.stringify({
    epoch,
    kept,
    batches: batches.map(({ deviceId, instanceId, oldestPending, records }) => ({
      deviceId,
      instanceId,
      oldestPending,
      records: records.map(({ sequence, outcome }) => ({ sequence, outcome })),
    })),
  });

/** Throws a ZodError or SyntaxError for what is no such message. */
export const messageFromBytes = (bytes: Uint8Array): OutcomesMessage =>
  schema.parse(JSON.parse(new TextDecoder().decode(bytes))) as OutcomesMessage;

/** Outcomes of one message; position = sequence in the stream × this + place in the message. */
export const mostInMessage = 4_096;

export const volumeOf = (batches: OutcomesMessage['batches']): Volume => {
  const texts = batches.flatMap(({ records }) => records.flatMap(({ outcome }) => outcome ?? []));
  return { outcomes: texts.length, bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) };
};

/** The outcomes of a message with their places. */
export const outcomesOf = (batches: OutcomesMessage['batches'], streamSequence: number) =>
  batches
    .flatMap(({ deviceId, instanceId, records }) =>
      records.flatMap(({ sequence, outcome }) =>
        outcome === undefined ? [] : [{ deviceId, instanceId, sequence, outcome }],
      ),
    )
    .map((outcome, place) => ({ ...outcome, position: streamSequence * mostInMessage + place }));
