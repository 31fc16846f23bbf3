/**
 * The peer's flow: MQTT in, mean over ten seconds for each topic, MQTT out; what a Node-RED user would write for the gateway's window
 * module, kept to the least. An HTTP node answers how many readings the flow has seen and how old they were at its output.
 */

/** What `GET /counts` answers. */
export interface FlowCounts {
  readonly messages: number;
  readonly points: number;
  /** Age of the last reading of each message at the flow's output, whole milliseconds, since the last `?forget`. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

const ON_START = `
context.set('windows', new Map());
global.set('counts', { messages: 0, points: 0, ages: new Uint32Array(60000) });`;

const AVERAGE = `
const readings = Array.isArray(msg.payload) ? msg.payload : [msg.payload];
const windows = context.get('windows');
let window = windows.get(msg.topic);
const out = [];
for (const { value, time } of readings) {
  const start = time - (time % 10000);
  if (window === undefined || start > window.start) {
    if (window !== undefined) out.push({ topic: 'averages/' + msg.topic, payload: window.sum / window.count });
    window = { start, sum: 0, count: 0 };
    windows.set(msg.topic, window);
  }
  window.sum += value;
  window.count++;
}
const counts = global.get('counts');
counts.messages++;
counts.points += readings.length;
const age = Date.now() - readings[readings.length - 1].time;
counts.ages[Math.max(0, Math.min(59999, age))]++;
return [out];`;

const ANSWER = `
const { messages, points, ages } = global.get('counts');
const total = ages.reduce((sum, n) => sum + n, 0);
const percentile = (share) => {
  let seen = 0;
  for (let ms = 0; ms < ages.length; ms++) {
    seen += ages[ms];
    if (seen > 0 && seen >= total * share) return ms;
  }
  return null;
};
msg.payload = { messages, points, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
if (msg.req.query.forget !== undefined) ages.fill(0);
return msg;`;

/** As Node-RED keeps flows in a file. */
export function averagingFlow(brokerPort: number): object[] {
  const node = (id: string, type: string, rest: object, to: string[] = []) => ({
    id,
    type,
    z: 'tab',
    x: 0,
    y: 0,
    wires: [to],
    ...rest,
  });
  const code = (func: string, initialize = '') => ({ func, initialize, finalize: '', outputs: 1, libs: [] });
  return [
    { id: 'tab', type: 'tab', label: 'bench', disabled: false },
    {
      ...{ id: 'broker', type: 'mqtt-broker', name: '', broker: '127.0.0.1', port: String(brokerPort) },
      ...{ clientid: '', autoConnect: true, usetls: false, protocolVersion: '4', keepalive: '60', cleansession: true },
    },
    node('in', 'mqtt in', { topic: 'sensors/#', qos: '1', datatype: 'json', broker: 'broker', inputs: 0 }, ['average']),
    node('average', 'function', code(AVERAGE, ON_START), ['out']),
    { ...node('out', 'mqtt out', { topic: '', qos: '1', retain: 'false', broker: 'broker' }), wires: [] },
    node('ask', 'http in', { url: '/counts', method: 'get', upload: false }, ['answer']),
    node('answer', 'function', code(ANSWER), ['reply']),
    { ...node('reply', 'http response', { statusCode: '', headers: {} }), wires: [] },
  ];
}
