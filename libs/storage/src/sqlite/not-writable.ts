/** By class of SQLite's result codes, their low byte. https://sqlite.org/rescode.html */
const causes: Readonly<Record<number, string>> = {
  3: 'access is denied (EACCES); let this user write its folder and files',
  8: 'it is read-only (EROFS, EACCES); mount it for writing, and let this user write its folder and files',
  10: 'its disk fails or a size limit is reached (EIO, EFBIG); see the log of the system',
  13: 'its disk is full (ENOSPC); make room',
};

/** Why nothing can be written, and the cure; undefined for any other error of SQLite. */
export function notWritable(error: unknown): string | undefined {
  const { errcode, message } = error as { errcode?: number; message?: string };
  const cause = causes[(errcode ?? 0) & 0xff];
  return cause && `the store is not writable: ${cause} (${message})`;
}
