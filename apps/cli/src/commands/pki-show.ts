import { Authority } from '@weir/pki';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { tableOf } from '../operate/tables.ts';
import { certificateDocument, daysUntil, stateOf } from '../pki/documents.ts';
import { asked, authorityFlag } from '../pki/flags.ts';

const name = 'weir pki show';

export default defineCommand({
  name,
  summary: 'Lists the certificates of an authority that still count; `due` ones are to be renewed.',
  schema: z.object({
    authority: authorityFlag,
    all: z.boolean().default(false).describe('Also the expired and the revoked.'),
    json: jsonFlag,
  }),
  examples: ['weir pki show --all'],
  async run({ authority: folder, all }, { out, print }) {
    const now = Date.now();
    const authority = await asked(name, () => Authority.open(folder));
    const listed = authority
      .issued()
      .map((one) => ({ ...certificateDocument(one), state: stateOf(one, now) }))
      .filter(({ state }) => all || state === 'valid' || state === 'due');
    out({ trustDomain: authority.trustDomain, certificates: listed });
    print(
      tableOf(
        ['kind', 'name', 'cell', 'state', 'left', 'reached as', 'serial'],
        listed.map(({ kind, name, cell, state, notAfter, dns, ip, serial }) => [
          kind,
          name,
          cell ?? '',
          state,
          daysUntil(notAfter, now),
          [...dns, ...ip].join(' '),
          serial,
        ]),
      ),
    );
  },
});
