import { mutantsOf } from '../mutant.ts';

const targets = mutantsOf('apps/device-agent/src/targets', [
  {
    title: 'a run is known by its worker alone',
    file: 'handshake.ts',
    find: 'run.instanceId === this.#run?.instanceId && run.familyVersion === this.#run.familyVersion',
    replace: 'run.instanceId === this.#run?.instanceId',
  },
  {
    title: 'a family is known by its version alone, whoever serves it',
    file: 'handshake.ts',
    find: 'run.instanceId === this.#run?.instanceId && run.familyVersion === this.#run.familyVersion',
    replace: 'run.familyVersion === this.#run?.familyVersion',
  },
  {
    title: 'a listing counts for whoever speaks on the stream',
    file: 'handshake.ts',
    find: 'if (listing && !isOf(run, listing)) return;',
    replace: '',
  },
  {
    title: 'the answer to an earlier question counts',
    file: 'handshake.ts',
    find: 'const isCurrent = () => this.#asking === asking;',
    replace: 'const isCurrent = () => asking !== undefined;',
  },
  {
    title: 'answers of a run that was not asked are taken',
    file: 'remote-target.ts',
    find: 'if (this.#handshake.foreign) this.#inFlight.resolve',
    replace: 'if (this.#handshake.run) this.#inFlight.resolve',
  },
  {
    title: 'another model runs by the same name',
    file: 'remote-target.ts',
    find: 'if (this.#handshake.foreign?.has(variant))',
    replace: 'if (this.#handshake.foreign === undefined)',
  },
  {
    title: 'another checksum is told, and used',
    file: 'family-fit.ts',
    find: 'checksum === undefined ? sameLabels : checksum === expected',
    replace: 'sameLabels',
  },
  {
    title: 'what the own family lacks fits whatever its labels',
    file: 'family-fit.ts',
    find: 'return sameLabels && sameFamily &&',
    replace: 'return sameFamily &&',
  },
  {
    title: 'a worker of another family is used for what is left of it',
    file: 'worker-claims.ts',
    find: '!identity.fit?.nothingFits && ',
    replace: '',
  },
]);

const dispatch = mutantsOf('libs/dispatch/src', [
  {
    title: 'a plan sends frames to another model',
    file: 'constraints.ts',
    find: "if (tracker?.foreign.has(cost.placement.variant)) return 'foreign';",
    replace: '',
    specs: ['foreign-variants.spec.ts'],
  },
  {
    title: 'the cheapest place is another model',
    file: 'pricing.ts',
    find: '!foreign?.has(variant) &&',
    replace: '',
    specs: ['foreign-variants.spec.ts'],
  },
]);

const identity = mutantsOf('libs/inference/src/catalogue', [
  {
    title: 'the same model over other labels is the same variant',
    file: 'identity.ts',
    find: 'calibration.temperature, labels]',
    replace: 'calibration.temperature]',
  },
  {
    title: 'the version of a family depends on the order of its variants',
    file: 'identity.ts',
    find: '[...checksums].sort(([a], [b]) => (a < b ? -1 : 1))',
    replace: '[...checksums]',
  },
]);

const cell = mutantsOf('apps/policy-service/src/cell', [
  {
    title: 'a device is in conflict with what it said itself',
    file: 'variant-facts.ts',
    find: '(claimants.size > 1 || !claimants.has(deviceId))',
    replace: 'claimants.size > 0',
  },
  {
    title: 'who tells no checksum is in conflict with everybody',
    file: 'variant-facts.ts',
    find: 'variant.checksum !== undefined &&',
    replace: '',
  },
  {
    title: 'families of two names are one where no variants have the same',
    file: 'members.ts',
    find: 'if (!named && conflicting.length === 0)',
    replace: 'if (conflicting.length === 0)',
    specs: ['families.spec.ts'],
  },
  {
    title: 'who was planned apart once is so for ever',
    file: 'families.ts',
    find: 'clock.every(reuniteMs, () => this.#reunite())',
    replace: 'clock.every(reuniteMs, () => {})',
  },
  {
    title: 'another family of a cell begins with the service’s own objective',
    file: 'families.ts',
    find: 'this.#cells.open(id, { by, like: main })',
    replace: 'this.#cells.open(id, { by })',
  },
]);

export const families = [...targets, ...dispatch, ...identity, ...cell];
