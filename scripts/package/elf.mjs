import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

const MAGIC = 0x464c457f;
const CLASS_64_LITTLE_ENDIAN = '0201';
const PT_INTERP = 3;

/**
 * Lets the kernel refuse the file when its end is missing, instead of running it until it touches what is not there (SIGBUS). Of what the kernel
 * reads before it runs a file, the name of the dynamic loader may stand anywhere: a copy goes to the very end, and the program header points
 * there. The address in memory stays as it was, and with it all that the dynamic loader itself reads. See elf(5); `load_elf_binary` of Linux
 * answers a name that it cannot read with EIO.
 * @param {string} file a 64-bit little-endian ELF file with a dynamic loader; changed in place
 */
export function endWithInterpreter(file) {
  const descriptor = openSync(file, 'r+');
  try {
    const header = read(descriptor, 0, 64);
    if (header.readUInt32LE(0) !== MAGIC || header.toString('hex', 4, 6) !== CLASS_64_LITTLE_ENDIAN) {
      throw new Error(`${file}: no 64-bit little-endian ELF file`);
    }
    const at = interpreterHeader(descriptor, header);
    if (at === undefined) throw new Error(`${file}: no program header of type PT_INTERP`);
    const entry = read(descriptor, at, 40);
    const name = read(descriptor, Number(entry.readBigUInt64LE(8)), Number(entry.readBigUInt64LE(32)));
    const end = fstatSync(descriptor).size;
    writeSync(descriptor, name, 0, name.length, end);
    entry.writeBigUInt64LE(BigInt(end), 8);
    writeSync(descriptor, entry, 8, 8, at + 8);
  } finally {
    closeSync(descriptor);
  }
}

/** @returns {number | undefined} offset of the program header */
function interpreterHeader(descriptor, header) {
  const first = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54);
  for (let index = 0; index < header.readUInt16LE(56); index++) {
    if (read(descriptor, first + index * size, 4).readUInt32LE(0) === PT_INTERP) return first + index * size;
  }
  return undefined;
}

function read(descriptor, position, length) {
  const octets = Buffer.alloc(length);
  if (readSync(descriptor, octets, 0, length, position) !== length)
    throw new Error(`ELF file ends before ${position + length}`);
  return octets;
}
