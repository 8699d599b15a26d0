/**
 * An ELF file of 64 bits without what no loader reads: everything behind its last segment (symbols for debuggers, and the
 * table of sections). Any other file as it is. Source: System V ABI, chapters 4 and 5.
 */
export function stripped(file: Buffer): Buffer {
  const isElf64 = file.length > 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf64) return file;
  const [segmentsAt, size, count] = [
    Number(file.readBigUInt64LE(32)),
    file.readUInt16LE(54),
    file.readUInt16LE(56),
  ];
  let end = segmentsAt + size * count;
  for (let at = segmentsAt; at < segmentsAt + size * count; at += size)
    end = Math.max(end, Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32)));
  const short = Buffer.from(file.subarray(0, end));
  short.writeBigUInt64LE(0n, 40);
  short.writeUInt16LE(0, 58);
  short.writeUInt16LE(0, 60);
  short.writeUInt16LE(0, 62);
  return short;
}
