/** The typed face of the addon `service_notify`: one datagram to a Unix socket, which Node has no way to send. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/**
 * @param address a path, or `@` and the name of an abstract socket; 2 to 107 octets
 * @param text octets of the datagram, as UTF-8
 * @returns 0, or the errno of what failed; never waits: EAGAIN (11) when the receiver's buffer is full
 */
export type SendDatagram = (address: string, text: string) => number;

/** @param path of the addon. @throws Error of the dynamic loader when it cannot be opened. */
export function loadSendDatagram(path: string): SendDatagram {
  const addon = createRequire(`${dirname(path)}/`)(path) as { send: SendDatagram };
  return (address, text) => addon.send(String(address), String(text));
}
