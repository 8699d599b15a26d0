import type { CommandEntry } from './command.ts';

/** The commands of somebody who runs a fleet: all that a bundle has of the CLI. */
export const operatorCommands: Readonly<Record<string, CommandEntry>> = {
  console: {
    summary: 'A web page over a running cell (weir up serves its own).',
    load: () => import('./commands/console.ts'),
  },
  status: {
    summary: 'How a running cell does.',
    load: () => import('./commands/status.ts'),
  },
  devices: {
    summary: 'The devices of a running cell, and what is planned for each.',
    load: () => import('./commands/devices.ts'),
  },
  nodes: {
    summary: 'The nodes of a running cell: load, power, links.',
    load: () => import('./commands/nodes.ts'),
  },
  'objective get': {
    summary: 'What is asked of a running cell.',
    load: () => import('./commands/objective-get.ts'),
  },
  'objective set': {
    summary: 'Changes floor, deadline, weights, tiers, looks or audits of a running cell.',
    load: () => import('./commands/objective-set.ts'),
  },
  'learner set': {
    summary: 'Puts another learner in charge of a running cell.',
    load: () => import('./commands/learner-set.ts'),
  },
  'snapshot export': {
    summary: 'Writes what the learner of a running cell has learned to a file.',
    load: () => import('./commands/snapshot-export.ts'),
  },
  'snapshot import': {
    summary: 'Has the learner of a running cell go on from such a file.',
    load: () => import('./commands/snapshot-import.ts'),
  },
  'snapshot list': {
    summary: 'The versions of what the learner of a running cell knew.',
    load: () => import('./commands/snapshot-list.ts'),
  },
  'snapshot rollback': {
    summary: 'Puts the learner of a running cell back to such a version.',
    load: () => import('./commands/snapshot-rollback.ts'),
  },
  trace: {
    summary: 'The last decisions of a device, and why.',
    load: () => import('./commands/trace.ts'),
  },
  'cell list': {
    summary: 'The cells of a running PolicyService: devices, plans, what is stored of them.',
    load: () => import('./commands/cell-list.ts'),
  },
  'cell delete': {
    summary: 'Deletes a cell with all that is stored of it.',
    load: () => import('./commands/cell-delete.ts'),
  },
  backup: {
    summary: 'Copies all that a running PolicyService has stored to a file.',
    load: () => import('./commands/backup.ts'),
  },
  restore: {
    summary: 'Puts the cells of such a file into the data folder of a stopped PolicyService.',
    load: () => import('./commands/restore.ts'),
  },
  'pki rights': {
    summary: 'Who may call what, by the identity in the certificate.',
    load: () => import('./commands/pki-rights.ts'),
  },
  'pki init': {
    summary: 'Makes the certificate authority of a fleet: a folder.',
    load: () => import('./commands/pki-init.ts'),
  },
  'pki issue': {
    summary: 'A certificate for a device, node, operator or service, as a folder of PEM files.',
    load: () => import('./commands/pki-issue.ts'),
  },
  'pki renew': {
    summary: 'Replaces certificates that are about to expire; for a timer.',
    load: () => import('./commands/pki-renew.ts'),
  },
  'pki revoke': {
    summary: 'Takes certificates back, and writes the list of those.',
    load: () => import('./commands/pki-revoke.ts'),
  },
  'pki show': {
    summary: 'What an authority has issued: until when, and what is revoked.',
    load: () => import('./commands/pki-show.ts'),
  },
  'pki token': {
    summary: 'A token by which one new device gets its certificate.',
    load: () => import('./commands/pki-token.ts'),
  },
  'pki serve': {
    summary: 'Gives certificates to devices with a token, and renews them.',
    load: () => import('./commands/pki-serve.ts'),
  },
  'pki join': {
    summary: 'On a new device: gets its certificate by a token.',
    load: () => import('./commands/pki-join.ts'),
  },
  health: {
    summary: 'Whether a service on this machine serves, by its own configuration.',
    load: () => import('./commands/health.ts'),
  },
};
