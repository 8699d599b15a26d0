import { InvalidInput, NotFound } from '@weir/base';
import { setPriority } from 'node:os';
import { type Link, startLink } from './link.ts';
import type { EmulatorReply, EmulatorRequest } from './messages.ts';

/*
 * Hosts the links of a cell in a process of its own, so that no other work disturbs their timing. Its parent
 * drives it over IPC; it lives until the parent disconnects, and so survives the Ctrl-C after which the others drain.
 */
const links = new Map<number, Link>();
let added = 0;

// A late packet would look like a worse network, so run at high priority where we may.
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
