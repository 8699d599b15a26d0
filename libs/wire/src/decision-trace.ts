import { Violations } from '@weir/base';
import type { policy } from '@weir/proto';
import { limits } from './limits.ts';
import { checkSize } from './size.ts';

/** An agent's last decisions, as operators get them. Throws InvalidInput, naming fields, where they are too long or too many. */
export function checkDecisionTrace({ decisions }: policy.DecisionTrace): void {
  const violations = new Violations();
  const some = violations.list(decisions, 'decisions.decisions', limits.decisions);
  checkSize(some, 'decisions.decisions', { most: limits.decisionTraceBytes, figures: 'any' }, violations);
  violations.throwIfAny();
}
