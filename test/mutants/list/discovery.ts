import { mutantsOf } from '../mutant.ts';

/** Workers that agents learn of, and what is told of peers that cannot be reached. */
export const discovery = [
  ...mutantsOf('apps/device-agent/src', [
    {
      title: 'an empty list takes every discovered target away',
      file: 'targets/discovery/discovered-targets.ts',
      find: 'if (entry.listed || reachable || inFlight > 0) continue;',
      replace: 'if (entry.listed) continue;',
    },
    {
      title: 'a worker that drains is dropped before it has answered',
      file: 'targets/discovery/discovered-targets.ts',
      find: 'if (entry.listed || reachable || inFlight > 0) continue;',
      replace: 'if (entry.listed || reachable) continue;',
    },
    {
      title: 'what is discovered comes before --targets',
      file: 'targets/discovery/discovered-targets.ts',
      find: 'if (this.#options.taken.has(nodeId)) continue;',
      replace: '',
    },
    {
      title: 'a worker that has moved away still speaks under its old name',
      file: 'targets/worker-link.ts',
      find: '      left = true;',
      replace: '',
      specs: ['app-discovery.spec.ts'],
    },
  ]),
  ...mutantsOf('apps/telemetry/src', [
    {
      title: 'two workers of one name take turns',
      file: 'directory.ts',
      find: 'reportedAt - before.heardAt <= staleAfterMs',
      replace: 'false',
    },
    {
      title: 'a draining worker stays listed',
      file: 'directory.ts',
      find: "address === '' || load?.draining",
      replace: "address === ''",
    },
    {
      title: 'a worker that is where it was before a restart is news',
      file: 'directory.ts',
      find: 'if (before?.target.address === entry?.target.address && before?.target.tier === entry?.target.tier)',
      replace: 'if (nodes === undefined)',
    },
  ]),
  ...mutantsOf('libs/rpc/src/rights', [
    {
      title: 'a worker of all cells is nobody’s',
      file: 'decide.ts',
      find: ' && !subject.everyCell',
      replace: '',
      specs: ['rights.spec.ts'],
    },
  ]),
  ...mutantsOf('libs/rpc/src', [
    {
      title: 'a device is as good a worker as a node of its name',
      file: 'tls/node-identity.ts',
      find: "role === 'node' && ",
      replace: '',
      specs: ['transport-security.spec.ts'],
    },
    {
      title: 'a worker of another cell will do',
      file: 'tls/node-identity.ts',
      find: ' && cellIds.includes(cellId!)',
      replace: '',
      specs: ['transport-security.spec.ts'],
    },
    {
      title: 'who is the right node may have any address',
      file: 'tls/node-identity.ts',
      find: 'if (misnamed) return misnamed;',
      replace: '',
      specs: ['transport-security.spec.ts'],
    },
    {
      title: 'a peer that hangs counts as reached',
      file: 'keep-open.ts',
      find: 'if (connected()) faults.reached();',
      replace: 'if (connected() || true) faults.reached();',
    },
    {
      title: 'a standing fault is told at every try',
      file: 'peer-fault-teller.ts',
      find: 'if (this.#told || !stands',
      replace: 'if (!stands',
      specs: ['keep-open.spec.ts'],
    },
  ]),
];
