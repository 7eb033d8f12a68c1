/** Every migration from the oldest to the newest; a new one is one import and one entry. */
export const migrations = [];
