import { ConfigError } from '@weir/base';
import { Authority } from '@weir/pki';
import { join } from 'node:path';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { certificateDocument, stateOf } from '../pki/documents.ts';
import { asked, authorityFlag, subjectFlags } from '../pki/flags.ts';

const name = 'weir pki revoke';

export default defineCommand({
  name,
  summary:
    'Revokes certificates, writes crl.pem, and puts it into the bundles on this machine; copy it to the others. Programs with --tls-crl turn the holder away at once.',
  schema: z.object({
    subject: z
      .array(z.string())
      .default([])
      .describe(
        'KIND NAME, e.g. device camera-7: every certificate of it, in every cell unless --cell names one.',
      ),
    cell: subjectFlags.cell.describe('Only those of this cell.'),
    serial: z.string().optional().describe('One certificate by its number, as weir pki show prints it.'),
    authority: authorityFlag,
    json: jsonFlag,
  }),
  positionals: 'subject',
  examples: ['weir pki revoke device camera-7 --cell hall', 'weir pki revoke --serial 5564…1afe'],
  async run({ subject, cell, serial, authority: folder }, { out, print }) {
    const [kind, named, ...more] = subject;
    if (
      (serial === undefined) === (subject.length === 0) ||
      (serial === undefined && !named) ||
      more.length > 0
    )
      throw new ConfigError(name, [{ field: 'SUBJECT', description: 'expected KIND NAME or --serial' }]);
    const authority = await asked(name, () => Authority.open(folder));
    const meant = authority
      .issued()
      .filter((one) => ['valid', 'due'].includes(stateOf(one, Date.now())))
      .filter((one) =>
        serial === undefined
          ? one.kind === kind && one.name === named && (cell === undefined || one.cell === cell)
          : one.serial === serial.toLowerCase(),
      );
    const { revoked, bundles } = await asked(name, () => authority.revoke(meant.map((one) => one.serial)));
    const crl = join(folder, 'crl.pem');
    out({ revoked: revoked.map(certificateDocument), crl, bundles });
    print(`revoked: ${revoked.map((one) => one.serial).join(', ')}`);
    print(
      `${crl} is written, and in ${bundles.length} bundles on this machine; copy it to the other machines`,
    );
  },
});
