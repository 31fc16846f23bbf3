import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import {
  parseCpuTicks,
  parseDiskTraffic,
  parseLoadOneMinute,
  parseMemory,
  parseNetworkTraffic,
} from '../../../gateway/src/core/sources/proc-text.ts';

/** Taken from a Raspberry Pi OS and a virtual machine, shortened. */
const MEMINFO = `MemTotal:         929076 kB
MemFree:          103456 kB
MemAvailable:     592336 kB
Buffers:           35544 kB
SwapTotal:        102396 kB
`;
const STAT = `cpu  8428 10 3999 313233 606 0 175 77 5 0
cpu0 3446 0 1587 158069 44 0 68 18 0 0
intr 1290333 0 9
`;
const DISKSTATS = `   7       0 loop0 55 0 2220 10 0 0 0 0 0 36 10 0 0 0 0 0 0
 179       0 mmcblk0 5304 1004 452261 26957 2254 2908 441307 23429 0 9644 53171 0 0 0 0 1289 3391
 179       1 mmcblk0p1 304 104 2261 957 4 8 37 29 0 44 171 0 0 0 0 0 0
   8       0 sda 10 0 80 1 20 0 160 1 0 5 2 0 0 0 0 0 0
   8       1 sda1 10 0 80 1 20 0 160 1 0 5 2 0 0 0 0 0 0
 259       0 nvme0n1 1 0 8 1 1 0 8 1 0 5 2 0 0 0 0 0 0
 259       1 nvme0n1p1 1 0 8 1 1 0 8 1 0 5 2 0 0 0 0 0 0
 253       0 dm-0 100 0 8000 1 1 0 8 1 0 5 2 0 0 0 0 0 0
`;
const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
  eth0: 417251562   11143    0    0    0     0          0         0   623101    6666    0    0    0     0       0          0
 wlan0:1000 1 0 0 0 0 0 0 2000 2 0 0 0 0 0 0
veth1a2b: 500 1 0 0 0 0 0 0 500 2 0 0 0 0 0 0
`;

test('the load is the first number of /proc/loadavg', () => {
  assert.equal(parseLoadOneMinute('0.04 0.14 0.03 1/87 6966\n'), 0.04);
});

test('memory is read in octets', () => {
  assert.deepEqual(parseMemory(MEMINFO), { totalBytes: 929076 * 1024, availableBytes: 592336 * 1024 });
});

test('memory of a kernel without MemAvailable is not guessed', () => {
  assert.equal(parseMemory('MemTotal: 929076 kB\nMemFree: 103456 kB\n'), undefined);
});

test('busy ticks leave out idle and iowait, and guest time is not counted twice', () => {
  assert.deepEqual(parseCpuTicks(STAT), { busy: 8428 + 10 + 3999 + 175 + 77, total: 326528 });
});

test('disk traffic counts whole disks once, without partitions and what lies on top of disks', () => {
  assert.deepEqual(parseDiskTraffic(DISKSTATS), {
    inBytes: (452261 + 80 + 8) * 512,
    outBytes: (441307 + 160 + 8) * 512,
  });
});

test('network traffic counts the interfaces that lead out of the machine, also where no space follows the colon', () => {
  assert.deepEqual(parseNetworkTraffic(NET_DEV), { inBytes: 417251562 + 1000, outBytes: 623101 + 2000 });
});

test('a machine without disks or outer interfaces has no traffic, not traffic of zero', () => {
  assert.equal(parseDiskTraffic('   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n'), undefined);
  assert.equal(parseNetworkTraffic('    lo: 1 2 3 4 5 6 7 8 9\n'), undefined);
});

test('torn and garbled texts give undefined or finite numbers, never NaN', () => {
  const random = seededRandom(1);
  for (let round = 0; round < 500; round++) {
    for (const text of [MEMINFO, STAT, DISKSTATS, NET_DEV, '0.04 0.14']) {
      const cut = text.slice(random.below(text.length), random.below(text.length + 1));
      const garbled = random.below(2) ? cut : cut.replace(/\d/, 'x');
      const parsed = [
        parseLoadOneMinute(garbled),
        ...[parseMemory, parseCpuTicks, parseDiskTraffic, parseNetworkTraffic].flatMap((parse) =>
          Object.values(parse(garbled) ?? {}),
        ),
      ];
      assert.ok(
        parsed.every((value) => value === undefined || Number.isFinite(value)),
        JSON.stringify(garbled),
      );
    }
  }
});
