import { InvalidInput, NotFound } from '@weir/base';
import { setPriority } from 'node:os';
import { type Link, startLink } from './link.ts';
import type { EmulatorReply, EmulatorRequest } from './messages.ts';

/*
 * A process that hosts the links of a cell, so that their timing does not wait for anybody's other work. Its parent
 * drives it over IPC; it lives until the parent disconnects, and so outlasts a Ctrl-C that the others drain after.
 */
const links = new Map<number, Link>();
let added = 0;

// Late packets would be a worse network: these few go first. Needs a privilege; without it the machine decides.
try {
  setPriority(-10);
} catch {
  // Not permitted.
}

process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  const request = message as EmulatorRequest;
  handle(request).then(
    (result) => reply({ id: request.id, result }),
    (error: unknown) => {
      const violations = error instanceof InvalidInput ? { violations: error.violations } : {};
      reply({ id: request.id, error: error instanceof Error ? error.message : String(error), ...violations });
    },
  );
});

const reply = (message: EmulatorReply) => process.send?.(message);

async function handle(request: EmulatorRequest) {
  switch (request.op) {
    case 'add': {
      const link = await startLink(request.options);
      links.set(++added, link);
      return { link: added, address: link.address };
    }
    case 'set':
      find(request.link).set(request.change);
      return null;
    case 'cut':
      find(request.link).cut(request.mode);
      return null;
    case 'restore':
      find(request.link).restore();
      return null;
    case 'stats':
      return find(request.link).stats();
    case 'remove': {
      const link = find(request.link);
      links.delete(request.link);
      await link[Symbol.asyncDispose]();
      return null;
    }
  }
}

function find(number: number): Link {
  const link = links.get(number);
  if (!link) throw new NotFound(`no link ${number}`);
  return link;
}
