/** The highest rate that the peer sustains: raised until it falls behind, then closed in on. */
import { pause } from './child.ts';
import { type LoadShape, runLoad, type Spans } from './load-run.ts';
import { startNodeRedRig } from './node-red-rig.ts';

export interface PeerFigures {
  readonly pointsPerSecond: number;
  /** At half of that. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

const RAISE = 1.5;
const CLOSING_STEPS = 2;
const RATE_MIN = 10;
/** What may be on its way, in seconds of the rate, when the load ends. */
const LAG_SECONDS_MAX = 0.25;
/** The load generator itself must have kept to the rate. */
const OFFERED_SHARE_MIN = 0.95;

/** @param trial of each rate tried; `spans` are of what is reported. */
export async function searchPeer(
  packageFolder: string,
  shape: LoadShape,
  firstRate: number,
  trial: Spans,
  spans: Spans,
): Promise<PeerFigures> {
  const sustains = async (rate: number, over: Spans) => (await tryRate(packageFolder, shape, rate, over)).isSustained;
  let good = 0;
  let bad = Infinity;
  for (let rate = firstRate; bad === Infinity || good === 0; ) {
    if (rate < RATE_MIN) throw new Error(`Node-RED: ${RATE_MIN} messages a second at least expected, not sustained`);
    if (await sustains(rate, trial)) good = rate;
    else bad = rate;
    rate = good === 0 ? rate / RAISE : rate * RAISE;
  }
  for (let step = 0; step < CLOSING_STEPS; step++) {
    const middle = Math.sqrt(good * bad);
    if (await sustains(middle, trial)) good = middle;
    else bad = middle;
  }
  // Over the longer span, a little less when it has to be.
  while (!(await sustains(good, spans))) good *= 0.9;
  const { p50Ms, p99Ms } = await tryRate(packageFolder, { ...shape, isStamped: true }, good / 2, spans);
  return { pointsPerSecond: good * shape.readings, p50Ms, p99Ms };
}

interface Trial {
  readonly isSustained: boolean;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** On a fresh Node-RED: what one trial leaves in the broker's queue is not the next one's. */
async function tryRate(
  packageFolder: string,
  shape: LoadShape,
  messagesPerSecond: number,
  spans: Spans,
): Promise<Trial> {
  await using rig = await startNodeRedRig(packageFolder);
  await pause(500);
  let isAnswering = true;
  const load = await runLoad(rig.mqttPort, { ...shape, messagesPerSecond }, spans, async (at) => {
    if (at === 'begin')
      isAnswering = await rig.counts(true).then(
        () => true,
        () => false,
      );
  });
  const counts = await rig.counts().catch(() => null);
  if (counts === null || !isAnswering) return { isSustained: false, p50Ms: null, p99Ms: null };
  const lag = load.sent - counts.messages;
  const isOffered = load.pointsPerSecond >= OFFERED_SHARE_MIN * messagesPerSecond * shape.readings;
  return {
    isSustained: isOffered && lag <= LAG_SECONDS_MAX * messagesPerSecond,
    p50Ms: counts.p50Ms,
    p99Ms: counts.p99Ms,
  };
}
