/** The store's file in PolicyService's data directory. */
export const storeFile = 'policy.db';
