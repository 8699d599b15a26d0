import type { Violations } from '@weir/base';
import { mostTrials, type Rights, type Trial, type TrialSide, type TrialTruths } from '@weir/domain';
import type { policy } from '@weir/proto';
import { usableEntries } from './left-out.ts';

export const trialTruthsToWire = ({ canary, ofCanary, ofControl }: TrialTruths): policy.TrialTruths => ({
  canary,
  canaryLabelled: BigInt(ofCanary.labelled),
  canaryRight: BigInt(ofCanary.right),
  controlLabelled: BigInt(ofControl.labelled),
  controlRight: BigInt(ofControl.right),
});

/** The usable ones, no two of one canary. */
export const trialTruthsFromWire = (
  trials: readonly policy.TrialTruths[],
  field: string,
  told: Violations,
): TrialTruths[] =>
  usableEntries<policy.TrialTruths, TrialTruths>(trials, field, {
    told,
    limit: mostTrials,
    keyOf: ({ canary }) => canary,
    convert({ canary, ...counts }, at, faults) {
      faults.id(canary, `${at}.canary`);
      const rights = (labelled: bigint, right: bigint, side: string): Rights => {
        const most = Number(labelled);
        faults.number(most, `${at}.${side}_labelled`, { max: Number.MAX_SAFE_INTEGER });
        faults.number(Number(right), `${at}.${side}_right`, { max: most });
        return { labelled: most, right: Number(right) };
      };
      return {
        canary,
        ofCanary: rights(counts.canaryLabelled, counts.canaryRight, 'canary'),
        ofControl: rights(counts.controlLabelled, counts.controlRight, 'control'),
      };
    },
  });

export const trialToWire = ({ canary, control }: Trial): policy.Trial => ({
  canary: sideToWire(canary),
  control: sideToWire(control),
});

const sideToWire = ({ frames, failures, audited, agreed, labelled, right, ...same }: TrialSide) => ({
  ...same,
  frames: BigInt(frames),
  failures: BigInt(failures),
  audited: BigInt(audited),
  agreed: BigInt(agreed),
  labelled: BigInt(labelled),
  right: BigInt(right),
});
