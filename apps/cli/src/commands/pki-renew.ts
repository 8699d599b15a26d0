import { Exit, hostPort, unlessAborted, WeirError } from '@weir/base';
import { Authority, renewOver } from '@weir/pki';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { asked, authorityFlag } from '../pki/flags.ts';

const name = 'weir pki renew';

export default defineCommand({
  name,
  summary:
    'Replaces each certificate of which a third of its life or less is left; programs take the new one without a restart. Run it by a timer.',
  schema: z.object({
    bundle: z
      .array(z.string())
      .default([])
      .describe('Folders to look at [all that the authority has written].'),
    authority: authorityFlag,
    from: hostPort()
      .optional()
      .describe(
        'Where weir pki serve runs, for a bundle away from the authority; the old certificate proves whose it is.',
      ),
    force: z.boolean().default(false).describe('Renew now, however long they hold.'),
    json: jsonFlag,
  }),
  positionals: 'bundle',
  examples: ['weir pki renew --authority pki', 'weir pki renew /etc/weir/tls --from pki.example:7443'],
  async run({ bundle, authority: folder, from, force }, { signal, out, print, progress }) {
    const renewed: string[] = [];
    const due: string[] = [];
    const failed: { bundle: string; error: string }[] = [];
    const authority = from === undefined ? await asked(name, () => Authority.open(folder)) : undefined;
    const looked = bundle.length > 0 ? bundle : (authority?.bundles() ?? []);
    for (const one of looked)
      try {
        const made = authority
          ? await authority.renew(one, { force })
          : await unlessAborted(renewOver(one, { from: from!, force }), signal);
        (made ? renewed : due).push(one);
        print(made ? `${one}: renewed` : `${one}: nothing to do`);
      } catch (error) {
        // One that cannot be renewed must not keep the others from it.
        if (!(error instanceof WeirError)) throw error;
        failed.push({ bundle: one, error: error.message });
        progress(`${one}: ${error.message}`);
      }
    if (looked.length === 0) print('nothing to do: there are no bundles');
    out({ renewed, unchanged: due, failed });
    return failed.length > 0 ? Exit.failed : Exit.done;
  },
});
