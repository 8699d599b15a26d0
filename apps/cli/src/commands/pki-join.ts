import { ConfigError, hostPort, unlessAborted } from '@weir/base';
import { joinFleet } from '@weir/pki';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { asked } from '../pki/flags.ts';

const name = 'weir pki join';

export default defineCommand({
  name,
  summary:
    'On a new device: makes a key, gets its certificate by a token, and writes ca.pem, cert.pem, key.pem and crl.pem.',
  schema: z.object({
    token: z
      .string()
      .optional()
      .describe('The token; better in WEIR_TOKEN, where other users of this machine do not see it.'),
    from: hostPort().describe('Where weir pki serve runs.'),
    out: z.string().default('tls').describe('Folder to write.'),
    json: jsonFlag,
  }),
  examples: ['WEIR_TOKEN=weir-join-1.… weir pki join --from pki.example:7443 --out /etc/weir/tls'],
  async run({ token, from, out: folder }, { signal, out, print }) {
    if (token === undefined)
      throw new ConfigError(name, [{ field: '--token', description: 'missing, and WEIR_TOKEN too' }]);
    const { subjectAltName, validTo } = await asked(name, () =>
      unlessAborted(joinFleet(token, { from, folder }), signal),
    );
    const identity = /URI:([^,\s]+)/.exec(subjectAltName ?? '')?.[1];
    out({ folder, identity, notAfter: new Date(validTo).toISOString() });
    print(`this is ${identity} until ${validTo}; certificate and key are in ${folder}`);
  },
});
