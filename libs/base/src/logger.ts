import { destination, pino } from 'pino';

/** Structured log, one JSON object a line on stderr, levels by name; stdout stays free for results. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** `level`: debug, info, warn, error or silent; an error under the key `err` is written with its stack and cause. */
export function createLogger({ service, level = 'info' }: { service: string; level?: string }): Logger {
  return pino(
    {
      base: { service },
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
    },
    destination({ fd: 2, sync: true }),
  );
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
