import type { Logger } from '@weir/base';
import type { Directive } from '@weir/domain';

/** Versions of curves that are told; a policy that makes up more is not worth the memory. */
const mostTold = 100;

/**
 * Warns, once for each version, when second looks were planned by other curves than the device's own: the dispatcher leaves
 * them out, and first answers stand. `own`: version of the device's curves, undefined when it has none.
 */
export function tellForeignCurves(
  own: string | undefined,
  logger: Logger,
): (directive: Pick<Directive, 'secondLook'>) => void {
  const told = new Set<string>();
  return ({ secondLook }) => {
    const curves = secondLook?.curves;
    if (curves === undefined || curves === own || told.has(curves) || told.size >= mostTold) return;
    told.add(curves);
    logger.warn(
      { planned: curves, own: own ?? 'none' },
      'second looks are planned by the curves of another model family: they are left out',
    );
  };
}
