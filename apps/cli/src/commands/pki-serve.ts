import { createLogger, Exit, hostPort } from '@weir/base';
import { Authority, serveEnrolment } from '@weir/pki';
import { once } from 'node:events';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { asked, authorityFlag } from '../pki/flags.ts';

const name = 'weir pki serve';

export default defineCommand({
  name,
  summary:
    'Serves enrolment until Ctrl-C: certificates for tokens, new ones for old ones. Needed only while devices join or renew.',
  schema: z.object({
    authority: authorityFlag,
    listen: hostPort().default('127.0.0.1:7443').describe('Address; TLS, by a certificate of the authority.'),
  }),
  examples: ['weir pki serve --listen 0.0.0.0:7443'],
  async run({ authority: folder, listen }, { signal, print }) {
    const authority = await asked(name, () => Authority.open(folder));
    const logger = createLogger({ service: 'enrolment', level: 'info' });
    await using server = await serveEnrolment(authority, { listen, logger });
    print(`enrolment at ${server.address}`);
    if (!signal.aborted) await once(signal, 'abort');
    return Exit.interrupted;
  },
});
