import { mutantsOf } from '../mutant.ts';

/** What one caller may hold. */
export const quotas = [
  ...mutantsOf('libs/wire/src', [
    {
      title: 'what a device tells of its decisions is as large as it likes',
      file: 'decision-trace.ts',
      find: 'most: limits.decisionTraceBytes',
      replace: 'most: Infinity',
    },
  ]),
  ...mutantsOf('libs/cell/src', [
    {
      title: 'cells that start at once choose the same address',
      file: 'free-address.ts',
      find: 'if (held === undefined) continue;',
      replace: 'if (held === undefined) return address;',
    },
  ]),
  ...mutantsOf('libs/rpc/src', [
    {
      title: 'watchers of a service that there is not are told that it serves',
      file: 'health.ts',
      find: 'names.includes(service) ? status : SERVICE_UNKNOWN',
      replace: 'status',
      specs: ['server.spec.ts'],
    },
    {
      title: 'operators find no place where others hold one each',
      file: 'fair-slots.ts',
      find: 'return isSteering(newcomer) && this.#takeFrom',
      replace: 'return false && this.#takeFrom',
    },
    {
      title: 'one caller keeps all connections',
      file: 'bounded-connections.ts',
      find: 'if (size <= (held.get(newcomer) ?? 0) + 1) return undefined;',
      replace: 'return undefined;',
    },
    {
      title: 'a connection counts for its host, whatever its certificate',
      file: 'bounded-connections.ts',
      find: 'known.of = caller;',
      replace: '',
    },
    {
      title: 'calls that have ended count for ever',
      file: 'server.ts',
      find: 'if (left > 0) byCaller.set(id, left);',
      replace: 'if (left >= 0) byCaller.set(id, left + 1);',
      specs: ['quota.spec.ts'],
    },
    {
      title: 'calls of one certificate are not bounded',
      file: 'server.ts',
      find: 'if (own >= perCaller) {',
      replace: 'if (false) {',
      specs: ['quota.spec.ts'],
    },
  ]),
  ...mutantsOf('apps/policy-service/src/cell', [
    {
      title: 'a caller whose quota is spent closes the cells of others',
      file: 'cells.ts',
      find: 'this.#closeLongestIdle(new Set(this.#quota.heldBy(by)));',
      replace: 'this.#closeLongestIdle();',
    },
    {
      title: 'no cell is kept for operators',
      file: 'cells.ts',
      find: 'Math.floor(operatorsShare * maxCells)',
      replace: '0',
    },
    {
      title: 'a cell that is closed counts for who opened it',
      file: 'cells.ts',
      find: '    this.#quota.release(cellId);\n    this.#closed.add(cellId);',
      replace: '    this.#closed.add(cellId);',
    },
  ]),
];
