/**
 * The saga that brings one segment to the cloud: seal → upload → commit → receipt → prune.
 *
 * *seal* checks that the file is whole and fixes what will be sent; *upload* publishes its parts; *commit*, the pivot, publishes the
 * manifest that makes them count; *receipt* waits until the consumer says that every point is in its store; *prune* moves
 * the points to `confirmed`, after which retention may delete the file. What the cloud lost on the way is sent anew under the next generation.
 */
import { GatewayError } from '../../base/errors.ts';
import { millis } from '../../base/units.ts';
import type { SagaDefinition, SagaStep, StepContext } from '../model/saga.ts';
import { LANES, type Lane } from '../model/series.ts';
import type { Outbox, SealedSegment, SegmentTransport } from './ports.ts';
import type { Manifest, ShipmentIdentity } from './shipment.ts';

export const SHIP_SEGMENT = 'ship-segment';

export interface ShipParameters {
  readonly lane: Lane;
  readonly sequence: number;
}

export interface ShipPorts {
  readonly outbox: Outbox;
  readonly transport: SegmentTransport;
}

export interface ShipSettings {
  readonly gateway: string;
  readonly epoch: string;
  /** Octets of one message. */
  readonly partBytes: number;
  /** Segments of one lane under way at once: also the bound on what the cloud's stream holds unconfirmed. */
  readonly window: number;
}

const RETRY = { attempts: 8, first: millis(200), max: millis(30_000) };

type Context = StepContext<ShipParameters>;

export function shipSegment(ports: ShipPorts, settings: ShipSettings): SagaDefinition<ShipParameters> {
  const { outbox, transport } = ports;
  const identity = ({ parameters, generation }: Context): ShipmentIdentity => ({
    gateway: settings.gateway,
    epoch: settings.epoch,
    ...parameters,
    generation,
  });
  const steps: SagaStep<ShipParameters>[] = [
    {
      name: 'seal',
      async action({ parameters: { lane, sequence } }) {
        try {
          return { kind: 'done', result: await outbox.verify(lane, sequence) };
        } catch (error) {
          if (error instanceof GatewayError && error.code === 'corrupt') await outbox.quarantine(lane, sequence);
          throw error;
        }
      },
      deadline: null,
      retry: RETRY,
    },
    {
      name: 'upload',
      async action(context) {
        const octets = await outbox.read(context.parameters.lane, context.parameters.sequence);
        for (let index = 0; index * settings.partBytes < octets.length; index++) {
          const part = octets.subarray(index * settings.partBytes, (index + 1) * settings.partBytes);
          await transport.uploadPart(identity(context), index, part, context.signal);
        }
        return { kind: 'done' };
      },
      compensate: (context) => transport.removeParts(identity(context), context.signal),
      deadline: null,
      retry: RETRY,
    },
    {
      name: 'commit',
      async action(context) {
        await transport.commit(manifestOf(identity(context), sealedOf(context), settings.partBytes), context.signal);
        return { kind: 'done' };
      },
      deadline: null,
      retry: RETRY,
    },
    {
      name: 'receipt',
      async action(context) {
        const verdict = await transport.awaitReceipt(identity(context), context.signal);
        if (verdict === 'stored') return { kind: 'done' };
        // From the check on: it may be the file that is damaged.
        if (verdict === 'lost') return { kind: 'again', from: 'seal', reason: 'the cloud does not have it' };
        throw new GatewayError('unavailable', 'no receipt yet', {
          hint: 'Is a `tidegate sink` running on the stream?',
        });
      },
      deadline: null,
      retry: RETRY,
    },
    {
      name: 'prune',
      async action({ parameters: { lane, sequence } }) {
        await outbox.confirm(lane, sequence);
        return { kind: 'done' };
      },
      deadline: null,
      retry: RETRY,
    },
  ];
  return {
    name: SHIP_SEGMENT,
    parse: parseParameters,
    steps,
    pivot: 'commit',
    window: settings.window,
    isReady: () => transport.isUp,
  };
}

function parseParameters(raw: unknown): ShipParameters {
  const { lane, sequence } = (raw ?? {}) as Partial<ShipParameters>;
  if (!LANES.includes(lane as Lane) || !Number.isSafeInteger(sequence)) {
    throw new GatewayError('invalid', `${SHIP_SEGMENT}: a lane and a sequence expected, ${JSON.stringify(raw)} found`);
  }
  return { lane: lane as Lane, sequence: sequence as number };
}

function sealedOf(context: Context): SealedSegment {
  return context.results.seal as SealedSegment;
}

function manifestOf(id: ShipmentIdentity, sealed: SealedSegment, partBytes: number): Manifest {
  return { ...id, format: 'tgs1', ...sealed, parts: Math.ceil(sealed.bytes / partBytes) };
}
