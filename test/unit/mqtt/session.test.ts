import assert from 'node:assert/strict';
import { test } from 'node:test';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { PACKET } from '../../../gateway/src/adapters/mqtt/frames.ts';
import { type Message, type Outlet, Session } from '../../../gateway/src/adapters/mqtt/session.ts';

/** A subscriber's socket: what was written is read back by mqtt-packet. */
class Wire implements Outlet {
  waitingBytes = 0;
  readonly packets: Packet[] = [];
  readonly #parser = mqttPacket.parser().on('packet', (packet) => this.packets.push(packet));

  write(octets: Uint8Array): void {
    this.#parser.parse(Buffer.from(octets));
  }

  /** `publish 3 a dup` */
  get told(): string[] {
    return this.packets.map((packet) => {
      if (packet.cmd !== 'publish') return `${packet.cmd} ${packet.messageId}`;
      return `publish ${packet.messageId ?? '-'} ${packet.payload}${packet.dup ? ' dup' : ''}`;
    });
  }
}

const message = (text: string, qos: 0 | 1 | 2): Message => ({
  topic: 't',
  payload: Buffer.from(text),
  qos,
  retain: false,
});

test('what is not acknowledged is sent again on the next connection, first and in order, marked as a duplicate', () => {
  const session = new Session('c', false, 10);
  const first = new Wire();
  session.attach(first);
  for (const text of ['a', 'b', 'c']) session.deliver(message(text, 1));
  session.acknowledged(PACKET.puback, 2);
  session.detach();
  session.deliver(message('d', 1));
  const second = new Wire();
  session.attach(second);
  assert.deepEqual(first.told, ['publish 1 a', 'publish 2 b', 'publish 3 c']);
  assert.deepEqual(second.told, ['publish 1 a dup', 'publish 3 c dup', 'publish 4 d']);
});

test('QoS 2 goes through PUBREC, PUBREL and PUBCOMP, and picks up where it was on the next connection', () => {
  const session = new Session('c', false, 10);
  const first = new Wire();
  session.attach(first);
  session.deliver(message('a', 2));
  session.deliver(message('b', 2));
  session.acknowledged(PACKET.pubrec, 1);
  session.acknowledged(PACKET.puback, 2); // the wrong kind: nothing happens
  assert.deepEqual(first.told, ['publish 1 a', 'publish 2 b', 'pubrel 1']);
  session.detach();
  const second = new Wire();
  session.attach(second);
  assert.deepEqual(second.told, ['pubrel 1', 'publish 2 b dup']);
  session.acknowledged(PACKET.pubcomp, 1);
  session.acknowledged(PACKET.pubrec, 2);
  session.acknowledged(PACKET.pubcomp, 2);
  session.detach();
  const third = new Wire();
  session.attach(third);
  assert.deepEqual(third.told, []);
});

test('an acknowledgement of what was never sent does no harm', () => {
  const session = new Session('c', false, 10);
  const wire = new Wire();
  session.attach(wire);
  session.acknowledged(PACKET.puback, 9);
  session.acknowledged(PACKET.pubcomp, 9);
  session.acknowledged(PACKET.pubrec, 9);
  assert.deepEqual(wire.told, ['pubrel 9'], 'a PUBREC is answered whatever it speaks of');
});

test('the window of messages under way is bounded; an acknowledgement lets the next one out', () => {
  const session = new Session('c', false, 1000);
  const wire = new Wire();
  session.attach(wire);
  for (let i = 0; i < 150; i++) session.deliver(message(String(i), 1));
  assert.equal(wire.packets.length, 100);
  session.acknowledged(PACKET.puback, 40);
  assert.equal(wire.told.at(-1), 'publish 101 100');
});

test('packet identifiers wrap around and pass over those still under way', () => {
  const session = new Session('c', false, 10);
  const wire = new Wire();
  session.attach(wire);
  session.deliver(message('keep', 1));
  for (let id = 2; id <= 65_535; id++) {
    session.deliver(message('x', 1));
    session.acknowledged(PACKET.puback, id);
  }
  session.deliver(message('next', 1));
  assert.equal(wire.told.at(-1), 'publish 2 next');
});

test('the queue of a client that is away is bounded: the oldest goes and is counted; QoS 0 is not kept', () => {
  const session = new Session('c', false, 3);
  for (const text of ['a', 'b', 'c', 'd', 'e']) session.deliver(message(text, 1));
  session.deliver(message('zero', 0));
  assert.equal(session.dropped, 3);
  const wire = new Wire();
  session.attach(wire);
  assert.deepEqual(wire.told, ['publish 1 c', 'publish 2 d', 'publish 3 e']);
});

test('the queue is bounded in octets too', () => {
  const session = new Session('c', false, 1000);
  const large = { ...message('', 1), payload: Buffer.alloc(1 << 20) };
  for (let i = 0; i < 100; i++) session.deliver(large);
  assert.equal(session.dropped, 96);
});

test('a queue of none keeps nothing for a client that is away, and serves one that is there', () => {
  const session = new Session('c', false, 0);
  session.deliver(message('lost', 1));
  const wire = new Wire();
  session.attach(wire);
  session.deliver(message('got', 1));
  assert.deepEqual(wire.told, ['publish 1 got']);
  assert.equal(session.dropped, 1);
});

test('a subscriber that does not read gets QoS 0 dropped and QoS 1 queued until its socket has drained', () => {
  const session = new Session('c', false, 10);
  const wire = new Wire();
  session.attach(wire);
  wire.waitingBytes = 2 << 20;
  session.deliver(message('zero', 0));
  session.deliver(message('one', 1));
  assert.deepEqual(wire.told, []);
  wire.waitingBytes = 0;
  session.pump();
  assert.deepEqual(wire.told, ['publish 1 one']);
  assert.equal(session.dropped, 1);
});

test('a received QoS 2 publish that is stored after its connection broke is answered on the next one', () => {
  const session = new Session('c', false, 10);
  session.received.set(5, false);
  const wire = new Wire();
  session.attach(wire);
  session.stored(5, true);
  session.stored(5, true);
  session.stored(6, true);
  assert.deepEqual(wire.told, ['pubrec 5']);
  assert.deepEqual([...session.received], [[5, true]], 'an identifier that was released is not taken up again');
});
