import { reaches, roles, tableOfRights } from '@weir/rpc';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { tableOf } from '../operate/tables.ts';

const callers = [...roles, 'anonymous'] as const;

export default defineCommand({
  name: 'weir pki rights',
  summary: 'Who may call what, by the identity in the certificate, where connections are secured.',
  schema: z.object({ json: jsonFlag }),
  examples: ['weir pki rights'],
  async run(_, { out, print }) {
    const rights = Object.entries(tableOfRights).map(([rpc, may]) => ({
      rpc,
      may: Object.fromEntries(callers.map((role) => [role, may[role] ?? null])),
    }));
    out({ reaches, rights });
    // The package is told by the service's name.
    const short = (rpc: string) => rpc.replace(/^(?:weir\.\w+\.v1\.|grpc\.|inference\.)/, '');
    print(
      tableOf(
        ['RPC', ...callers],
        rights.map(({ rpc, may }) => [short(rpc), ...callers.map((role) => may[role] ?? '–')]),
      ),
    );
    print(
      `\n${Object.entries(reaches)
        .map(([reach, meaning]) => `${reach.padEnd(5)}  ${meaning}`)
        .join('\n')}`,
    );
  },
});
