import type { Logger } from '@weir/base';
import { reloadMaterial } from './material.ts';

/** Servers of this process: while there is one, SIGHUP means to read the certificates again, and ends nothing. */
const loggers = new Set<Logger>();

function onHangUp(): void {
  for (const logger of loggers) {
    logger.info({}, 'SIGHUP: reading the certificates again');
    break;
  }
  reloadMaterial();
}

/** A server begins; the returned function says that it has ended. */
export function followHangUps(logger: Logger): () => void {
  if (loggers.size === 0) process.on('SIGHUP', onHangUp);
  loggers.add(logger);
  return () => {
    loggers.delete(logger);
    if (loggers.size === 0) process.off('SIGHUP', onHangUp);
  };
}
