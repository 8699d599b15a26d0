import { Authority } from '@weir/pki';
import { join } from 'node:path';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { certificateDocument, certificateLine } from '../pki/documents.ts';
import { asked, authorityFlag, daysFlag, subjectFlags, subjectOf } from '../pki/flags.ts';

const name = 'weir pki issue';

export default defineCommand({
  name,
  summary: 'Issues a certificate, and writes it with its key as ca.pem, cert.pem, key.pem and crl.pem.',
  schema: z.object({
    ...subjectFlags,
    authority: authorityFlag,
    days: daysFlag,
    out: z.string().optional().describe('Folder to write [AUTHORITY/bundles/KIND-NAME].'),
    json: jsonFlag,
  }),
  positionals: 'subject',
  examples: [
    'weir pki issue service policy --dns policy,localhost --ip 10.0.0.1',
    'weir pki issue node edge-1 --cell hall --dns edge-1 --out /etc/weir/tls',
    'weir pki issue operator ada --days 7',
  ],
  async run({ authority: folder, days, out: to, ...flags }, { out, print }) {
    const subject = subjectOf(name, flags);
    const bundle = to ?? join(folder, 'bundles', `${subject.kind}-${subject.name.replaceAll(':', '_')}`);
    const issued = await asked(name, () => Authority.open(folder).issue(subject, { days, folder: bundle }));
    out({ ...certificateDocument(issued), folder: bundle });
    print(`${certificateLine(issued, Date.now())}, in ${bundle}`);
  },
});
