import { createHash } from 'node:crypto';
// Not `node:fs/promises`, which a start would load: this is loaded by the first segment that is shipped.
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { zstd } from '../adapters/files/zstd.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { errnoOf, GatewayError } from '../base/errors.ts';
import type { Lane } from '../core/model/series.ts';
import { segmentFileName } from '../core/store/ports.ts';
import { SegmentReader } from '../core/store/segment-format.ts';
import type { Outbox } from '../core/sync/ports.ts';
import type { StatePaths } from './state-paths.ts';
import type { StoreVerbs } from './thread-messages.ts';

/** The store as the shipping saga sees it: files are read here, rows are asked of the store worker. */
export function segmentOutbox(store: Pick<Remote<StoreVerbs>, 'segment' | 'moveSegment'>, paths: StatePaths): Outbox {
  const read = async (lane: Lane, sequence: number): Promise<Uint8Array> => {
    const name = segmentFileName(lane, sequence);
    try {
      return await fs.readFile(join(paths.segments, name));
    } catch (error) {
      const code = errnoOf(error) === 'ENOENT' ? 'not_found' : 'unavailable';
      throw new GatewayError(code, `read segment ${name}`, { cause: error });
    }
  };
  return {
    read,
    async verify(lane, sequence) {
      const row = await store.segment(lane, sequence);
      if (row?.state !== 'sealed') {
        throw new GatewayError(
          'not_found',
          `segment ${lane} ${sequence}: state sealed expected, ${row?.state ?? 'no row'} found`,
        );
      }
      const octets = await read(lane, sequence).catch((error) => {
        if (!(error instanceof GatewayError && error.code === 'not_found')) throw error;
        throw new GatewayError('corrupt', `segment ${lane} ${sequence}: its file is gone`, { cause: error });
      });
      if (octets.length !== row.bytes) {
        throw new GatewayError(
          'corrupt',
          `segment ${lane} ${sequence}: ${row.bytes} octets expected, ${octets.length} found`,
        );
      }
      new SegmentReader(octets, zstd, `segment ${lane} ${sequence}`).verify();
      const { points, bytes, firstMs, lastMs, sealedMs } = row;
      return { points, bytes, firstMs, lastMs, sealedMs, sha256: createHash('sha256').update(octets).digest('hex') };
    },
    async confirm(lane, sequence) {
      await store.moveSegment(lane, sequence, 'confirmed');
    },
    async quarantine(lane, sequence) {
      await store.moveSegment(lane, sequence, 'corrupt');
    },
  };
}
