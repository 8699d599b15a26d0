import { mutantsOf } from '../mutant.ts';

export const link = mutantsOf('libs/link/src', [
  {
    title: 'the rate counts bytes for bits',
    file: 'lane.ts',
    find: 'bytes * 8_000',
    replace: 'bytes * 1_000',
  },
  {
    title: 'the delay is taken from arrival, not from the last bit sent',
    file: 'lane.ts',
    find: 'this.#lineFreeAt + this.#conditions.delayMs)',
    replace: 'startedAt + this.#conditions.delayMs)',
  },
  {
    title: 'parcels do not wait for the line',
    file: 'lane.ts',
    find: '      const startedAt = Math.max(arrivedAt, this.#lineFreeAt);\n      if',
    replace: '      const startedAt = arrivedAt;\n      if',
  },
  {
    title: 'a late timer costs rate',
    file: 'lane.ts',
    find: '      const startedAt = Math.max(arrivedAt, this.#lineFreeAt);\n      if',
    replace:
      '      const startedAt = Math.max(arrivedAt, this.#lineFreeAt) > now ? Infinity : now;\n      if',
  },
  {
    title: 'a frozen lane delivers what travels',
    file: 'lane.ts',
    find: 'while (!this.#frozen && this.#travelling.length > 0',
    replace: 'while (this.#travelling.length > 0',
  },
  {
    title: 'the line works while the lane is frozen',
    file: 'lane.ts',
    find: 'this.#lineFreeAt = Math.max(this.#lineFreeAt, now);',
    replace: '',
  },
  {
    title: 'a cleared lane still counts its bytes',
    file: 'lane.ts',
    find: 'this.#waitingBytes = this.#travellingBytes = 0;',
    replace: '',
  },
  {
    title: 'both directions take the conditions of the way up',
    file: 'link.ts',
    find: 'down: new Direction(change.down, clock)',
    replace: 'down: new Direction(change.up, clock)',
  },
  {
    title: 'a bad change is made by half',
    file: 'link.ts',
    find: '      validate(wanted);\n      if (wanted.up) lanes.up.set(wanted.up);',
    replace: '      if (wanted.up) lanes.up.set(wanted.up);\n      validate(wanted);',
  },
  {
    title: 'each connection has the whole rate for itself',
    file: 'relay.ts',
    find: 'carry(near, far, lanes.up);',
    replace:
      'carry(near, far, new (lanes.up.constructor as any)(lanes.up.conditions, { now: () => performance.now(), after: (ms: number, run: () => void) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); } }));',
    specs: ['link.spec.ts'],
  },
  {
    title: 'a cut leaves open connections alone',
    file: 'relay.ts',
    find: "if (mode === 'reset') return reset();",
    replace: "if (mode === 'reset') return;",
    specs: ['link.spec.ts'],
  },
  {
    title: 'a cut link accepts new connections',
    file: 'relay.ts',
    find: "cutMode === 'reset' || pairs.size",
    replace: 'pairs.size',
    specs: ['link.spec.ts'],
  },
  {
    title: 'a black hole swallows what was sent into it',
    file: 'relay.ts',
    find: "if (cutMode === 'blackhole') thaw();\n      cutMode = null;",
    replace:
      "if (cutMode === 'blackhole') {\n        lanes.up.clear();\n        lanes.down.clear();\n        thaw();\n      }\n      cutMode = null;",
    specs: ['link.spec.ts'],
  },
  {
    title: 'a black hole lets answers back',
    file: 'relay.ts',
    find: '      lanes.up.freeze();\n      lanes.down.freeze();',
    replace: '      lanes.up.freeze();',
    specs: ['link.spec.ts'],
  },
  {
    title: 'a reset is not carried to the other side',
    file: 'relay.ts',
    find: 'if (hadError || !from.readableEnded) lane.push(0, () => void to.resetAndDestroy());',
    replace: '',
    specs: ['link.spec.ts'],
  },
  {
    title: 'a fast sender fills the memory',
    file: 'relay.ts',
    find: 'if (lane.full || to.writableLength >= unreadLimitBytes) hold();',
    replace: '',
    specs: ['link.spec.ts'],
  },
  {
    title: 'a held sender is never resumed',
    file: 'direction.ts',
    find: 'if (!this.full && this.#held.size > 0)',
    replace: 'if (!this.full && this.#held.size > 1e9)',
  },
  {
    title: 'the lane stops after its first timer',
    file: 'direction.ts',
    find: '      this.#timerAt = Infinity;\n      this.#run();',
    replace: '      this.#run();',
    specs: ['link.spec.ts'],
  },
]);
