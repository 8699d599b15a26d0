import type { Mutant } from '../mutant.ts';
import { base } from './base.ts';
import { beliefs } from './beliefs.ts';
import { deviceAgent } from './device-agent.ts';
import { discovery } from './discovery.ts';
import { dispatch } from './dispatch.ts';
import { domain } from './domain.ts';
import { fleet } from './fleet.ts';
import { guard } from './guard.ts';
import { families } from './families.ts';
import { jointAction } from './joint-action.ts';
import { link } from './link.ts';
import { pace } from './pace.ts';
import { planner } from './planner.ts';
import { quotas } from './quotas.ts';
import { secondLooks } from './second-looks.ts';
import { serving } from './serving.ts';
import { solver } from './solver.ts';
import { storage } from './storage.ts';
import { tensors } from './tensors.ts';

export const mutants: readonly Mutant[] = [
  ...base,
  ...domain,
  ...dispatch,
  ...deviceAgent,
  ...families,
  ...beliefs,
  ...planner,
  ...jointAction,
  ...solver,
  ...secondLooks,
  ...quotas,
  ...guard,
  ...serving,
  ...storage,
  ...link,
  ...tensors,
  ...discovery,
  ...fleet,
  ...pace,
];
