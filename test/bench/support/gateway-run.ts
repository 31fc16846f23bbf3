/** One run of load against one fresh gateway, and everything that is read from it. */
import { eventually } from '../../support/eventually.ts';
import { pause } from './child.ts';
import { type GatewayRig, type SinkTotals, startGatewayRig } from './gateway-rig.ts';
import { type LoadResult, type LoadShape, runLoad, type Spans } from './load-run.ts';
import { cpuSeconds, type MemoryFigures, machineFigures, memoryOf, writtenBytes } from './process-figures.ts';

export interface GatewayFigures {
  readonly load: LoadResult;
  /** Processors that were busy while the gateway had nothing to do, just before the load: what else runs on this machine. */
  readonly otherCores: number;
  /** Stored in the ledger's live lane a second: committed to disk. */
  readonly pointsPerSecond: number;
  /** Octets the gateway's process wrote for each point it stored. */
  readonly bytesPerPoint: number;
  /** Processor seconds of the gateway's process a second. */
  readonly cores: number;
  readonly idle: MemoryFigures;
  readonly loaded: MemoryFigures;
  readonly commitP99Ms: number | null;
  /** Age of a batch's first reading at the end of all module calls on it, by its publisher's clock. */
  readonly moduleP50Ms: number | null;
  readonly moduleP99Ms: number | null;
  /** Points that modules did not see because they lagged. */
  readonly skippedPoints: number;
  /** Both identities hold, and received is what was sent. */
  readonly balanced: boolean;
  /** Points confirmed by the cloud when the load ended. */
  readonly confirmedAtEnd: number;
  /** When all was confirmed, or the wait for it was over; null without a cloud. */
  readonly sink: SinkTotals | null;
  readonly isAllConfirmed: boolean;
}

const IDLE_SECONDS = 2;
/** Of /proc/stat: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const BALANCE_WAIT_MS = 10_000;

/** @param confirmWaitMs how long the cloud may take for what is queued at the end. */
export async function runGateway(
  withCloud: boolean,
  shape: LoadShape,
  spans: Spans,
  confirmWaitMs: number,
): Promise<GatewayFigures> {
  await using rig = await startGatewayRig(withCloud);
  const before = machineFigures();
  await pause(IDLE_SECONDS * 1000);
  const otherCores = (machineFigures().busyTicks - before.busyTicks) / TICKS_PER_SECOND / IDLE_SECONDS;
  const idle = memoryOf(rig.pid);
  const marks: Mark[] = [];
  const load = await runLoad(rig.mqttPort, shape, spans, async () => {
    marks.push(await mark(rig));
  });
  const [begin, end] = marks as [Mark, Mark];
  const points = end.status.ledger.lanes.live.stored - begin.status.ledger.lanes.live.stored;
  const seconds = (end.status.gateway.nowMs - begin.status.gateway.nowMs) / 1000;
  const { commit, moduleAge } = end.status.ingest.latency;
  const isComplete = await balances(rig, load.points);
  const isAllConfirmed = withCloud && (await allConfirmed(rig, confirmWaitMs));
  const sink = await rig.sinkTotals();
  const { ledger } = await rig.status();
  return {
    load,
    otherCores,
    pointsPerSecond: points / seconds,
    bytesPerPoint: (end.writtenBytes - begin.writtenBytes) / points,
    cores: (end.cpuSeconds - begin.cpuSeconds) / seconds,
    idle,
    loaded: end.memory,
    commitP99Ms: commit.p99Ms,
    moduleP50Ms: moduleAge.p50Ms,
    moduleP99Ms: moduleAge.p99Ms,
    skippedPoints: end.status.modulesSkippedPoints,
    balanced: isComplete && (!isAllConfirmed || (sink?.unique === ledger.confirmed && sink.duplicates === 0)),
    confirmedAtEnd: end.status.ledger.confirmed,
    sink,
    isAllConfirmed,
  };
}

interface Mark {
  readonly status: Awaited<ReturnType<GatewayRig['status']>>;
  readonly writtenBytes: number;
  readonly cpuSeconds: number;
  readonly memory: MemoryFigures;
}

async function mark(rig: GatewayRig): Promise<Mark> {
  const written = writtenBytes(rig.pid);
  const cpu = cpuSeconds(rig.pid);
  const status = await rig.status();
  return { status, writtenBytes: written, cpuSeconds: cpu, memory: memoryOf(rig.pid) };
}

async function balances(rig: GatewayRig, sentPoints: number): Promise<boolean> {
  const look = async () => {
    const { ledger } = await rig.status();
    return ledger.balanced && ledger.lanes.live.received === sentPoints && ledger.lanes.live.stored === sentPoints;
  };
  return await eventually(`the ledger to hold ${sentPoints} points`, look, BALANCE_WAIT_MS).catch(() => false);
}

async function allConfirmed(rig: GatewayRig, waitMs: number): Promise<boolean> {
  const look = async () => (await rig.status()).ledger.queued === 0;
  return await eventually('everything to be confirmed', look, waitMs).catch(() => false);
}
