import type { Violations } from '@weir/base';
import type { LookCurve, LookCurves, LookStep } from '@weir/domain';
import type { common } from '@weir/proto';
import { usable, usableEntries } from './left-out.ts';
import { limits } from './limits.ts';

export const lookCurvesToWire = ({ version, pictures, curves }: LookCurves): common.LookCurves => ({
  version,
  pictures,
  curves: curves.map((curve) => ({
    ...curve,
    changed: curve.changed,
    steps: curve.steps.map((step) => ({ ...step, changed: step.changed })),
  })),
});

/**
 * The usable curves, no two of one pair; a faulty one is left out and told. Undefined, and told, for a set without a name
 * or without a count of its pictures; undefined without one.
 */
export function lookCurvesFromWire(
  wire: common.LookCurves | undefined,
  field: string,
  told: Violations,
): LookCurves | undefined {
  if (!wire) return undefined;
  const { version, pictures } = wire;
  const set = usable(told, (faults) => {
    faults.id(version, `${field}.version`);
    faults.number(pictures, `${field}.pictures`, { min: 1 });
    return { version, pictures };
  });
  return set && { ...set, curves: curvesFromWire(wire.curves, `${field}.curves`, told) };
}

const curvesFromWire = (curves: readonly common.LookCurve[], field: string, told: Violations): LookCurve[] =>
  usableEntries<common.LookCurve, LookCurve>(curves, field, {
    told,
    limit: limits.lookCurves,
    keyOf: ({ first, second }) => JSON.stringify([first, second]),
    convert({ first, second, steps, changed }, at, faults) {
      faults.id(first, `${at}.first`);
      faults.id(second, `${at}.second`);
      faults.check(first !== second, `${at}.second`, 'expected another variant than the first');
      faults.check(steps.length > 0, `${at}.steps`, 'expected at least one');
      const listed = faults.list(steps, `${at}.steps`, limits.lookSteps);
      if (changed !== undefined) faults.number(changed, `${at}.changed`, { max: 1 });
      return {
        first,
        second,
        steps: stepsFromWire(listed, `${at}.steps`, faults),
        ...(changed !== undefined && { changed }),
      };
    },
  });

function stepsFromWire(steps: readonly common.LookStep[], field: string, faults: Violations): LookStep[] {
  let before = { marginBelow: 0, share: 0, gain: 0 };
  return steps.map(({ marginBelow, share, gain, standardError, changed }, index) => {
    const at = `${field}[${index}]`;
    faults.number(marginBelow, `${at}.margin_below`, { above: true });
    faults.number(share, `${at}.share`, { above: true, max: 1 });
    faults.number(gain, `${at}.gain`, { above: true, max: 1 });
    faults.number(standardError, `${at}.standard_error`, { max: 1 });
    const rises = marginBelow > before.marginBelow && share > before.share && gain > before.gain;
    faults.check(
      !(share > 0) || gain <= share,
      `${at}.gain`,
      'expected at most the share: no more answers change',
    );
    faults.check(index === 0 || rises, at, 'expected margin_below, share and gain to rise from step to step');
    if (changed !== undefined) faults.number(changed, `${at}.changed`, { max: 1 });
    before = { marginBelow, share, gain };
    return { marginBelow, share, gain, standardError, ...(changed !== undefined && { changed }) };
  });
}
