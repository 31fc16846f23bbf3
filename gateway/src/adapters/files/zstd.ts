import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { GatewayError } from '../../base/errors.ts';
import type { Compressor } from '../../core/store/compressor.ts';

/** Level 1: on columns already reduced to differences, higher levels gain a few per cent for several times the work (docs/adr/0004). */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export const zstd: Compressor = {
  compress: (octets) => zstdCompressSync(octets, options),
  decompress(octets, rawBytes) {
    let raw: Uint8Array;
    try {
      raw = zstdDecompressSync(octets, { maxOutputLength: rawBytes + 1 });
    } catch (error) {
      throw new GatewayError('corrupt', `zstd frame of ${octets.length} octets does not decompress`, { cause: error });
    }
    if (raw.length !== rawBytes)
      throw new GatewayError('corrupt', `zstd frame: ${rawBytes} octets expected, ${raw.length} found`);
    return raw;
  },
  crc32: (octets, before = 0) => crc32(octets, before),
};
