import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { AckGate } from '../../../gateway/src/adapters/mqtt/ack-gate.ts';

/** The broker's side: what came through the gate. */
class FarEnd extends Duplex {
  readonly told: string[] = [];
  readonly #parser = mqttPacket
    .parser()
    .on('packet', (packet) => this.told.push(`${packet.cmd} ${packet.messageId ?? ''}`.trim()));

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#parser.parse(chunk);
    done();
  }
}

const frame = (packet: Packet) => mqttPacket.generate(packet);
const puback = (messageId: number) => frame({ cmd: 'puback', messageId });

test('acknowledgements wait for their commits, and what is said after them waits too', () => {
  const far = new FarEnd();
  const gate = new AckGate(far);
  gate.write(puback(1));
  gate.write(frame({ cmd: 'pubrec', messageId: 2 }));
  gate.write(frame({ cmd: 'pingreq' }));
  gate.write(puback(3));
  assert.deepEqual(far.told, []);
  gate.acknowledge();
  gate.flushAcknowledgements();
  assert.deepEqual(far.told, ['puback 1']);
  gate.acknowledge();
  gate.flushAcknowledgements();
  assert.deepEqual(far.told, ['puback 1', 'pubrec 2', 'pingreq']);
});

test('a commit that comes before its acknowledgement lets it through at once', () => {
  const far = new FarEnd();
  const gate = new AckGate(far);
  gate.acknowledge();
  gate.flushAcknowledgements();
  gate.write(puback(1));
  gate.write(puback(2));
  assert.deepEqual(far.told, ['puback 1']);
});

test('frames in pieces are put together, of any size', () => {
  const far = new FarEnd();
  const gate = new AckGate(far);
  const octets = Buffer.concat([
    frame({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: 'x'.repeat(20_000), qos: 1 }] }),
    puback(8),
    frame({ cmd: 'pubrel', messageId: 9 }),
  ]);
  for (let at = 0; at < octets.length; at += 97) gate.write(octets.subarray(at, at + 97));
  assert.deepEqual(far.told, ['subscribe 7']);
  gate.acknowledge();
  gate.flushAcknowledgements();
  assert.deepEqual(far.told, ['subscribe 7', 'puback 8', 'pubrel 9']);
});

test('the end of the connection ends the gate, in both directions', async () => {
  const far = new FarEnd();
  const gate = new AckGate(far);
  const gone = new Promise((resolve) => gate.once('close', resolve));
  far.destroy();
  await gone;
  const other = new FarEnd();
  new AckGate(other).destroy();
  assert.ok(other.destroyed);
});

test('what the broker sends passes as it is', async () => {
  const far = new FarEnd();
  const gate = new AckGate(far);
  far.push(Buffer.from('abc'));
  const [chunk] = (await new Promise((resolve) => gate.once('data', (data) => resolve([data])))) as [Buffer];
  assert.equal(chunk.toString(), 'abc');
});
