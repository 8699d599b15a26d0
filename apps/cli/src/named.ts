import { z } from 'zod';

/** The one argument without a flag that a command takes: a name, or the fault `missing`. */
export const named = (missing: string) => z.string(missing).min(1, missing);
