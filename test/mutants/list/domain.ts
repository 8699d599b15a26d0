import { mutantsOf } from '../mutant.ts';

export const domain = mutantsOf('libs/domain/src', [
  {
    title: "a device's wish lowers the cell's floor",
    file: 'objective.ts',
    find: 'Math.max(cell.accuracyFloor, asked.accuracyFloor)',
    replace: 'asked.accuracyFloor',
  },
  {
    title: "a device's wish moves the cell's deadline away",
    file: 'objective.ts',
    find: 'Math.min(cell.deadlineMs, asked.deadlineMs)',
    replace: 'Math.max(cell.deadlineMs, asked.deadlineMs)',
  },
  {
    title: 'a device widens the tiers of its cell',
    file: 'objective.ts',
    find: "shared.length > 0 ? shared : ['device']",
    replace: 'asked.allowedTiers',
  },
  {
    title: 'no common tier leaves the frames without any',
    file: 'objective.ts',
    find: "shared.length > 0 ? shared : ['device']",
    replace: 'shared',
  },
  {
    title: 'no common tier sends frames where the cell forbids it',
    file: 'objective.ts',
    find: "shared.length > 0 ? shared : ['device']",
    replace: 'shared.length > 0 ? shared : asked.allowedTiers',
  },
  {
    title: "the device's own weights are dropped",
    file: 'objective.ts',
    find: '    ...asked,\n',
    replace: '    ...cell,\n',
  },
]);
