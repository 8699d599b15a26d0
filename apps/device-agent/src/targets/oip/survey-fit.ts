import type { FamilyFit } from '../family-fit.ts';
import type { Survey } from './survey.ts';

/** No more than a line can bear. */
const mostListed = 4;

/** How a server's models go together with the device's variants, and what is wrong, with names. */
export function fitOfSurvey(nodeId: string, { served, misfits }: Survey): FamilyFit {
  const foreign = new Set(misfits.keys());
  const nothingFits = served.size === 0;
  if (misfits.size === 0)
    return nothingFits
      ? {
          foreign,
          nothingFits,
          fault: `target ${nodeId} gets no frames: its server has none of the device's models`,
        }
      : { foreign, nothingFits };
  const reasons = [...misfits].map(([variant, misfit]) => `${variant}: ${misfit}`);
  const listed = reasons.slice(0, mostListed).join('; ') + (reasons.length > mostListed ? '; …' : '');
  const what = nothingFits
    ? 'no frames'
    : `no frames for ${misfits.size} variant${misfits.size > 1 ? 's' : ''}`;
  return {
    foreign,
    nothingFits,
    fault: `target ${nodeId} gets ${what}: ${listed}; correct models= in --targets, or the server`,
  };
}
