/** Compression and checksums of blocks: done by whoever brings a codec. */
export interface Compressor {
  compress(octets: Uint8Array): Uint8Array;
  /** @throws GatewayError `corrupt` when the result is not `rawBytes` long. */
  decompress(octets: Uint8Array, rawBytes: number): Uint8Array;
  /** @param before the checksum of what stands in front, to be carried on. */
  crc32(octets: Uint8Array, before?: number): number;
}
