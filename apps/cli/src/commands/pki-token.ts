import { Authority, Tokens, tokenText } from '@weir/pki';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { asked, authorityFlag, daysFlag, subjectFlags, subjectOf } from '../pki/flags.ts';

const name = 'weir pki token';

export default defineCommand({
  name,
  summary: 'Prints a token that gives one new device its certificate, once; it is as secret as a key.',
  schema: z.object({
    ...subjectFlags,
    authority: authorityFlag,
    days: daysFlag,
    minutes: z
      .number('expected a number of minutes')
      .positive('must be > 0')
      .max(10_080, 'must be <= 10080')
      .default(15)
      .describe('How long the token holds, minutes.'),
    json: jsonFlag,
  }),
  positionals: 'subject',
  examples: ['weir pki token device camera-7 --cell hall'],
  async run({ authority: folder, days, minutes, ...flags }, { out, print }) {
    const subject = subjectOf(name, flags);
    const expiresAt = Date.now() + minutes * 60_000;
    const token = await asked(name, () => {
      const { fingerprint } = Authority.open(folder);
      return tokenText(new Tokens(folder).create(fingerprint, { subject, days, expiresAt }));
    });
    out({ token, expiresAt: new Date(expiresAt).toISOString() });
    print(token);
  },
});
