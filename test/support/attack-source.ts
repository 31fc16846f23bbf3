/** Source of the attacks. Each begins when a reading of `ARMED` or more comes, so that a test can see how things stood before. */

/** A reading that sets off the attacks. */
export const ARMED = 1000;

const ATTACKS = [
  'memory-bomb',
  'loop',
  'recursion',
  'recursion-with-log',
  'recursion-in-init',
  'slow-together',
  'log-flood',
  'metric-flood',
  'emit-flood',
  'log-outside',
  'log-negative',
  'log-across-the-end',
  'metric-outside',
  'metric-negative',
  'emit-type-outside',
  'emit-data-outside',
  'emit-negative',
  'output-huge',
  'output-negative-length',
  'output-of-many-rows',
  'output-of-another-version',
  'endless-pages',
  'bad-rows',
  'flood-of-rows',
  'snapshot-huge',
  'snapshot-negative',
  'snapshot-endless',
  'snapshot-trap',
  'snapshot-loop',
  'snapshot-large',
  'restore-trap',
  'restore-loop',
  'restore-refuse',
] as const;
export type AttackName = (typeof ATTACKS)[number];

/** What the module's configuration says to choose it. */
export function attackNumber(attack: AttackName): number {
  return ATTACKS.indexOf(attack);
}

const CONSTANTS = ATTACKS.map((name, at) => `const ${name.toUpperCase().replaceAll('-', '_')}: i32 = ${at};`);

/** AssemblyScript. */
export const ATTACK_SOURCE = `
${CONSTANTS.join('\n')}
@external("gw1", "log") declare function log(level: i32, ptr: usize, len: i32): void;
@external("gw1", "metric") declare function metric(ptr: usize, len: i32, value: f64): void;
@external("gw1", "emit") declare function emit(typeAt: usize, typeLen: i32, dataAt: usize, dataLen: i32): i32;

const IN: usize = memory.data(65536, 8);
const OUT: usize = memory.data(65536, 8);
/** A line break, and what would be a line of the gateway's own. */
const LINE: usize = memory.data<u8>([10, 0x66, 0x6f, 0x72, 0x67, 0x65, 0x64, 10]);
const NAME: usize = memory.data<u8>([0x67, 0x61, 0x75, 0x67, 0x65, 0x5f, 0, 0]);
const END: usize = 0xfffffff0;
let attack: i32 = 0;
let sink: f64 = 1;
let pages: i32 = 0;

export function gw_abi_1_0(): void {}
export function gw_in_ptr(): usize { return IN; }
export function gw_in_cap(): i32 { return 65536; }
export function gw_out_ptr(): usize { return OUT; }
export function gw_out_cap(): i32 { return 65536; }

export function gw_init(len: i32): i32 {
  attack = <i32>load<f64>(IN, 16);
  return attack == RECURSION_IN_INIT ? recurse(1, false) : 0;
}

function recurse(depth: i32, withLog: bool): i32 {
  if (withLog) log(0, LINE, 8);
  return recurse(depth + 1, withLog) + <i32>sink;
}

function spin(times: f64): void {
  for (let i: f64 = 0; i < times; i++) sink = Math.sqrt(sink + i);
}

function isArmed(): bool {
  const n = load<u32>(IN, 8);
  for (let i: u32 = 0; i < n; i++) if (load<f64>(IN + 24 + ((n + i) << 3)) >= ${ARMED}) return true;
  return false;
}

function header(rows: u32, more: bool): i32 {
  store<u32>(OUT, 1);
  store<u32>(OUT, more ? 1 : 0, 4);
  store<u32>(OUT, rows, 8);
  store<u32>(OUT, 0, 12);
  return 24 + 24 * rows;
}

function row(n: u32, i: u32, ts: f64, v: f64, id: u32, channel: u8, state: u8): void {
  store<f64>(OUT + 24 + (i << 3), ts);
  store<f64>(OUT + 24 + (n << 3) + (i << 3), v);
  store<u32>(OUT + 24 + (n << 4) + (i << 2), id);
  store<u8>(OUT + 24 + n * 20 + i, 0);
  store<u8>(OUT + 24 + n * 21 + i, channel);
  store<u8>(OUT + 24 + n * 22 + i, state);
  store<u8>(OUT + 24 + n * 23 + i, 0);
}

/** One row for each fault that a row can have, and one without any. */
function badRows(): i32 {
  const n = load<u32>(IN, 8);
  const ts = load<f64>(IN, 24);
  const id = load<u32>(IN + 24 + (n << 4));
  row(15, 0, ts, 1, id, 0, 0);
  row(15, 1, NaN, 2, id, 0, 0);
  row(15, 2, Infinity, 2, id, 0, 0);
  row(15, 3, 1e300, 2, id, 0, 0);
  row(15, 4, -1e300, 2, id, 0, 0);
  row(15, 5, ts, NaN, id, 0, 0);
  row(15, 6, ts, Infinity, id, 0, 0);
  row(15, 7, ts, -Infinity, id, 0, 0);
  row(15, 8, ts, 3, id, 2, 0);
  row(15, 9, ts, 3, id, 255, 0);
  row(15, 10, ts, 4, id, 1, 0);
  row(15, 11, ts, 4, id, 1, 3);
  row(15, 12, ts, 5, id, 0, 1);
  row(15, 13, ts, 6, id + 1, 0, 0);
  row(15, 14, ts, 6, 0xffffffff, 0, 0);
  return header(15, false);
}

function manyRows(more: bool): i32 {
  const ts = load<f64>(IN, 24);
  const id = load<u32>(IN + 24 + (load<u32>(IN, 8) << 4));
  for (let i: u32 = 0; i < 2500; i++) row(2500, i, ts, i, id, 0, 0);
  return header(2500, more);
}

function flood(): i32 {
  for (let i = 0; i < 20000; i++) {
    if (attack == LOG_FLOOD) log(i % 5 - 1, LINE, 8);
    if (attack == METRIC_FLOOD) {
      store<u8>(NAME + 6, <u8>(0x61 + i % 26));
      store<u8>(NAME + 7, <u8>(0x61 + i / 26 % 26));
      metric(NAME, 8, i % 3 == 0 ? NaN : i % 3 == 1 ? Infinity : <f64>i);
    }
    if (attack == EMIT_FLOOD) emit(NAME, 5, IN, 65536);
  }
  return 0;
}

function outside(): i32 {
  const end = <usize>memory.size() << 16;
  if (attack == LOG_OUTSIDE) log(0, END, 0x20);
  if (attack == LOG_NEGATIVE) log(0, -1, -1);
  if (attack == LOG_ACROSS_THE_END) log(0, end - 8, 9);
  if (attack == METRIC_OUTSIDE) metric(END, 8, 1);
  if (attack == METRIC_NEGATIVE) metric(NAME, -1, 1);
  if (attack == EMIT_TYPE_OUTSIDE) emit(END, 5, IN, 8);
  if (attack == EMIT_DATA_OUTSIDE) emit(NAME, 5, end - 8, 16);
  if (attack == EMIT_NEGATIVE) emit(-8, -8, IN, 0);
  return 0;
}

export function gw_on_batch(len: i32): i32 {
  if (len == 0) return attack == ENDLESS_PAGES ? header(0, true) : attack == FLOOD_OF_ROWS ? manyRows(++pages < 60) : 0;
  pages = 0;
  if (!isArmed()) return 0;
  if (attack == MEMORY_BOMB) {
    while (memory.grow(1) >= 0) memory.fill((<usize>memory.size() - 1) << 16, 0xff, 65536);
    unreachable();
  }
  if (attack == LOOP) while (true) spin(1e9);
  if (attack == RECURSION) return recurse(1, false);
  if (attack == RECURSION_WITH_LOG) return recurse(1, true);
  if (attack == SLOW_TOGETHER) spin(200000);
  if (attack == OUTPUT_HUGE) return 0x7fffffff;
  if (attack == OUTPUT_NEGATIVE_LENGTH) return -0x7fffffff;
  if (attack == OUTPUT_OF_MANY_ROWS) { header(1, false); store<u32>(OUT, 0xffffffff, 8); return 48; }
  if (attack == OUTPUT_OF_ANOTHER_VERSION) { header(1, false); store<u32>(OUT, 2); return 48; }
  if (attack == ENDLESS_PAGES) return header(0, true);
  if (attack == FLOOD_OF_ROWS) return manyRows(true);
  if (attack == BAD_ROWS) return badRows();
  if (attack >= LOG_FLOOD && attack <= EMIT_FLOOD) return flood();
  return outside();
}

export function gw_snapshot(page: i32): i32 {
  if (attack == SNAPSHOT_HUGE) return 0x7fffffff;
  if (attack == SNAPSHOT_NEGATIVE) return -0x7fffffff;
  if (attack == SNAPSHOT_ENDLESS) return 1;
  if (attack == SNAPSHOT_TRAP) unreachable();
  if (attack == SNAPSHOT_LOOP) while (true) spin(1e9);
  if (attack == SNAPSHOT_LARGE) return page < 255 ? 65536 : 0;
  return page == 0 ? 8 : 0;
}

export function gw_restore(len: i32): i32 {
  if (attack == RESTORE_TRAP) unreachable();
  if (attack == RESTORE_LOOP) while (true) spin(1e9);
  return attack == RESTORE_REFUSE ? -22 : 0;
}
`;
