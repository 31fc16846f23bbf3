/** @ID@: answers an event with the CRC-32 of its data, as eight hexadecimal digits of text. */
import { eventData, eventDataOctets, openEvent } from '../sdk/assembly/events';
import { addReplyAttribute, addReplyOctet, beginReply, sealReply } from '../sdk/assembly/reply';

// The part of the ABI that is the same in every module: buffers, version.
export * from '../sdk/assembly/exports';

/** The polynomial of ISO-HDLC, as in Ethernet, gzip and PNG; its bits in reverse. */
const POLYNOMIAL: u32 = 0xedb8_8320;

/** This function takes no configuration. */
export function gw_init(len: i32): i32 {
  return 0;
}

/** One event. Returns the octets of the reply; a result below 0 would have the gateway try the event again later. */
export function gw_on_event(len: i32): i32 {
  const fault = openEvent(len);
  if (fault < 0) return fault;
  const sum = crc32(eventData(), eventDataOctets());
  beginReply();
  // Callers over HTTP see these; other triggers ignore the reply.
  addReplyAttribute('status', '200');
  addReplyAttribute('datacontenttype', 'text/plain');
  for (let shift = 28; shift >= 0; shift -= 4) addReplyOctet(hexDigit(<u8>((sum >> shift) & 15)));
  return sealReply();
}

function crc32(from: usize, octets: usize): u32 {
  let sum: u32 = 0xffff_ffff;
  for (let i: usize = 0; i < octets; i++) {
    sum ^= load<u8>(from + i);
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? (sum >> 1) ^ POLYNOMIAL : sum >> 1;
  }
  return ~sum;
}

function hexDigit(value: u8): u8 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
