/** The `source` of an event: a path that names the gateway and the part of it where the event began. */
export function eventSource(gatewayId: string, part: string): string {
  return `/gateways/${gatewayId}/${part}`;
}
