import { Authority } from '@weir/pki';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { asked, authorityDaysFlag, authorityFlag } from '../pki/flags.ts';

const name = 'weir pki init';

export default defineCommand({
  name,
  summary:
    'Makes the certificate authority of a fleet. Its folder holds the key: keep it off the machines that serve.',
  schema: z.object({
    authority: authorityFlag,
    trustDomain: z
      .string()
      .default('weir.local')
      .describe('First part of every identity, spiffe://TRUST-DOMAIN/weir/…; may be a DNS name of yours.'),
    days: authorityDaysFlag,
    json: jsonFlag,
  }),
  examples: ['weir pki init --authority pki'],
  async run({ authority: folder, trustDomain, days }, { out, print }) {
    const authority = await asked(name, () => Authority.init(folder, { trustDomain, days }));
    out({ authority: folder, trustDomain: authority.trustDomain });
    print(`authority of ${trustDomain} in ${folder}; back up ${folder}/ca.key, and let nobody read it`);
  },
});
