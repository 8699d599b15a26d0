import type { Logger } from '@weir/base';
import { correctedCurves, type Directive, type LookCurves, lookStepOf, type Variant } from '@weir/domain';

/** Faults that are told; a policy that makes up more is not worth the memory. */
const mostTold = 100;

/**
 * Warns, once for each fault, when second looks were planned by other curves than the device's own, or by a step that these
 * lack: the dispatcher leaves them out, and first answers stand. `known`: the device's family, its curves undefined when it
 * has none.
 */
export function tellForeignCurves(
  known: () => { readonly looks: LookCurves | undefined; readonly variants: readonly Variant[] },
  logger: Logger,
): (directive: Pick<Directive, 'planned' | 'secondLook' | 'correction'>) => void {
  const told = new Set<string>();
  const tell = (facts: Readonly<Record<string, string | number>>, fault: string) => {
    const key = JSON.stringify(facts);
    if (told.has(key) || told.size >= mostTold) return;
    told.add(key);
    logger.warn(facts, `${fault}: they are left out`);
  };
  return ({ planned: { variant: first }, secondLook, correction }) => {
    if (!secondLook) return;
    const { looks: own, variants } = known();
    const accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    const { curves: planned, marginBelow } = secondLook;
    if (planned !== own?.version)
      return tell(
        { planned, own: own?.version ?? 'none' },
        'second looks are planned by the curves of another model family',
      );
    const second = secondLook.placement.variant;
    const curves = correction ? correctedCurves(own, correction, accuracyOf) : own;
    if (!lookStepOf(curves, { first, second, marginBelow }))
      tell({ first, second, marginBelow }, 'second looks are planned by a step that the curves lack');
  };
}
