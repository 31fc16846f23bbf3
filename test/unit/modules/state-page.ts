/** The checksum of a page of kept state (modules/sdk-as/assembly/state-page.ts), so that a test can alter a page and have it pass for whole. */

const AT_CHECKSUM = 32;
const WORD = (1n << 64n) - 1n;

export function sealPage(page: Uint8Array): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  view.setBigUint64(AT_CHECKSUM, 0n, true);
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (let at = 0; at < page.length; at += 8) {
    hash = ((hash ^ view.getBigUint64(at, true)) * 0x100_0000_01b3n) & WORD;
    hash ^= hash >> 32n;
  }
  view.setBigUint64(AT_CHECKSUM, hash, true);
}
