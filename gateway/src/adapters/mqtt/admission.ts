/** CONNECT (MQTT 3.1.1 section 3.1.4): who is let in, and to which session. */
import { randomUUID } from 'node:crypto';
import { describeError } from '../../base/errors.ts';
import type { Access, Permissions } from './access.ts';
import type { Broker } from './broker.ts';
import { CONNACK } from './frames.ts';
import { type ConnectPacket, ProtocolViolation, SPOKEN_LEVELS, type Will } from './packet-reader.ts';
import type { Session } from './session.ts';
import { isTopicName } from './topics.ts';

export interface AdmissionHost {
  readonly broker: Broker;
  readonly access: Access;
  readonly limits: { readonly keepAliveMaxMs: number };
  /** Ends an older connection of the same client. */
  readonly takeOver: (clientId: string) => void;
}

export interface Admitted {
  readonly session: Session;
  /** Whether the session was there before. */
  readonly isPresent: boolean;
  readonly permissions: Permissions;
  /** Null also where the client may not publish it. */
  readonly will: Will | null;
  /** Silence that ends the connection. */
  readonly idleMaxMs: number;
}

export interface Refusal {
  /** Of CONNACK. */
  readonly refused: number;
  readonly reason: string;
}

/** @returns null when only the password is still to be looked at. @throws ProtocolViolation for a will that could not be published. */
export function refusalOf({ protocolLevel, clientId, cleanSession, will }: ConnectPacket): Refusal | null {
  if (!SPOKEN_LEVELS.includes(protocolLevel)) {
    return { refused: CONNACK.badProtocol, reason: `protocol level 3 or 4 expected, ${protocolLevel} found` };
  }
  if (clientId === '' && !cleanSession) {
    return { refused: CONNACK.badClientId, reason: 'a session to be kept needs a client identifier' };
  }
  if (will !== null && !isTopicName(will.topic)) throw new ProtocolViolation('a will topic with wildcards');
  return null;
}

/**
 * @param isThere whether the client still waits, once its password is checked
 * @returns null when it does not: nothing has been done then.
 */
export async function admit(
  packet: ConnectPacket,
  { access, takeOver, broker, limits }: AdmissionHost,
  isThere: () => boolean,
): Promise<Admitted | Refusal | null> {
  const { username, password, cleanSession, will } = packet;
  try {
    const permissions = await access.permissionsOf(username, password);
    if (!isThere()) return null;
    if (permissions === null) {
      return { refused: CONNACK.badCredentials, reason: `user ${username ?? '(none)'}: wrong name or password` };
    }
    const clientId = packet.clientId === '' ? `anonymous-${randomUUID()}` : packet.clientId;
    takeOver(clientId);
    return {
      ...broker.openSession(clientId, cleanSession),
      permissions,
      will: will !== null && permissions.mayPublish(will.topic) ? will : null,
      idleMaxMs: idleMaxMs(packet.keepAliveSeconds, limits.keepAliveMaxMs),
    };
  } catch (error) {
    return { refused: CONNACK.unavailable, reason: describeError(error) };
  }
}

/** One and a half times what the client promised (section 3.1.2.10); without a promise, our own bound. */
function idleMaxMs(keepAliveSeconds: number, most: number): number {
  return keepAliveSeconds === 0 ? most : Math.min(keepAliveSeconds * 1500, most);
}
