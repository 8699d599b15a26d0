import { floorSlack } from '../solver/problem.ts';
import type { DeviceChoice, JointAssignment } from './joint-assignment.ts';
import type { JointProblem } from './joint-problem.ts';

/** Rounds over all devices, at most. */
const mostRounds = 3;

/**
 * An assignment improved by whatever single device can change alone, above the floor. The solver knows what frames do to
 * each other, but not what second looks do to the frames that they meet.
 */
export function polished(joint: JointProblem, assignment: JointAssignment): JointAssignment {
  const n = assignment.targets.length;
  const now = {
    ...assignment,
    targets: Int32Array.from(assignment.targets),
    variants: Int32Array.from(assignment.variants),
    looks: Array.from({ length: n }, (_, device) => assignment.looks?.[device]),
  };
  for (let round = 0, improved = true; improved && round < mostRounds; round++) {
    improved = false;
    for (let device = 0; device < n; device++) {
      const before: DeviceChoice = {
        target: now.targets[device]!,
        variant: now.variants[device]!,
        look: now.looks[device],
      };
      const put = ({ target, variant, look }: DeviceChoice) => {
        now.targets[device] = target;
        now.variants[device] = variant;
        now.looks[device] = look;
      };
      const own = joint.surplusOf(device, before.variant, before.look);
      let best = { cost: now.cost, surplus: own, choice: before };
      for (const choice of joint.choices(device, before)) {
        const surplus = joint.surplusOf(device, choice.variant, choice.look);
        if (now.surplus - own + surplus < -floorSlack) continue;
        put(choice);
        const cost = joint.costOf(now);
        if (cost < best.cost - 1e-9) best = { cost, surplus, choice };
      }
      put(best.choice);
      improved ||= best.choice !== before;
      now.surplus += best.surplus - own;
      now.cost = best.cost;
    }
  }
  return now;
}
