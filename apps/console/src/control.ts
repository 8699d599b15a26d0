import { FailedPrecondition, InvalidInput } from '@weir/base';
import { z } from 'zod';
import type { Emulation } from './emulation.ts';
import type { PolicySource } from './sources.ts';

const id = z.string().min(1).max(128);
const change = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('floor'), floor: z.number().min(0).max(1) }),
  z.strictObject({ kind: z.literal('learner'), learner: id }),
  z.strictObject({
    kind: z.literal('link'),
    deviceId: id,
    nodeId: id,
    condition: z.enum(['normal', 'weak', 'cut']),
  }),
  z.strictObject({ kind: z.literal('speed'), deviceId: id, slowdown: z.number().min(1).max(16) }),
]);

/** The changes the page may request. */
export type Change = z.output<typeof change>;

/** Carries out the change in a request's body. Throws InvalidInput, or the error of the service or the cell. */
export async function control(
  body: unknown,
  {
    policy,
    emulation,
    mayControl,
  }: {
    policy: Pick<PolicySource, 'setFloor' | 'setLearner' | 'learners'>;
    emulation: Pick<Emulation, 'change'>;
    mayControl: boolean;
  },
): Promise<void> {
  if (!mayControl) throw new FailedPrecondition('this console is read-only');
  const parsed = change.safeParse(body);
  if (!parsed.success)
    throw new InvalidInput(
      parsed.error.issues.map(({ path, message }) => ({
        field: path.join('.') || 'kind',
        description: message,
      })),
    );
  const { data } = parsed;
  if (data.kind === 'floor') await policy.setFloor(data.floor);
  else if (data.kind === 'learner') {
    if (!policy.learners.includes(data.learner))
      throw new InvalidInput([
        { field: 'learner', description: `expected one of ${policy.learners.join(', ')}` },
      ]);
    await policy.setLearner(data.learner);
  } else await emulation.change(data);
}
