import assert from 'node:assert/strict';
import test from 'node:test';
import { millis } from '../../../gateway/src/base/units.ts';
import { MachineHealth } from '../../../gateway/src/core/sources/machine-health.ts';
import type { SystemFiles } from '../../../gateway/src/core/sources/ports.ts';
import { readTemperatures } from '../../../gateway/src/core/sources/temperatures.ts';

/** A machine that shows just these files. */
function machine(files: Record<string, string>, diskUsedPercent?: number): SystemFiles {
  return {
    read: (path) => files[path],
    list: (folder) => [
      ...new Set(
        Object.keys(files)
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1).split('/')[0]!),
      ),
    ],
    diskUsedPercent: () => diskUsedPercent,
  };
}

const netDev = (received: number, sent: number) => `eth0: ${received} 1 0 0 0 0 0 0 ${sent} 1 0 0 0 0 0 0\n`;

test('a machine that shows nothing has no values', () => {
  const health = new MachineHealth(machine({}));
  assert.equal(health.sample(millis(0)).size, 0);
  assert.equal(health.sample(millis(1000)).size, 0);
});

test('rates appear with the second sample, by the time that has passed', () => {
  const files: Record<string, string> = {
    '/proc/stat': 'cpu  100 0 0 900 0 0 0 0\n',
    '/proc/net/dev': netDev(1000, 0),
  };
  const health = new MachineHealth(machine(files, 41.5));
  assert.deepEqual([...health.sample(millis(5000))], [['diskUsedPercent', 41.5]]);
  files['/proc/stat'] = 'cpu  150 0 0 1050 0 0 0 0\n';
  files['/proc/net/dev'] = netDev(5000, 300);
  assert.deepEqual(Object.fromEntries(health.sample(millis(7000))), {
    diskUsedPercent: 41.5,
    cpuPercent: 25,
    networkReceiveBytesPerSecond: 2000,
    networkSendBytesPerSecond: 150,
  });
});

test('a counter that went back gives no rate, and the next sample gives one again', () => {
  const files: Record<string, string> = { '/proc/net/dev': netDev(5000, 5000) };
  const health = new MachineHealth(machine(files));
  health.sample(millis(0));
  files['/proc/net/dev'] = netDev(10, 6000);
  assert.deepEqual([...health.sample(millis(1000)).keys()], ['networkSendBytesPerSecond']);
  files['/proc/net/dev'] = netDev(30, 6000);
  assert.equal(health.sample(millis(2000)).get('networkReceiveBytesPerSecond'), 20);
});

test('used memory is what is not available', () => {
  const health = new MachineHealth(machine({ '/proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 250 kB\n' }));
  assert.deepEqual(Object.fromEntries(health.sample(millis(0))), {
    memoryAvailableBytes: 256_000,
    memoryUsedPercent: 75,
  });
});

test('temperatures take their names from zone, chip and label, and equal names get numbers', () => {
  const files = machine({
    '/sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
    '/sys/class/thermal/thermal_zone0/temp': '48312\n',
    '/sys/class/thermal/cooling_device0/type': 'fan\n',
    '/sys/class/hwmon/hwmon0/name': 'nvme\n',
    '/sys/class/hwmon/hwmon0/temp1_input': '-5000\n',
    '/sys/class/hwmon/hwmon0/temp1_label': 'Composite #1/a\n',
    '/sys/class/hwmon/hwmon1/name': 'drivetemp\n',
    '/sys/class/hwmon/hwmon1/temp1_input': '31000\n',
    '/sys/class/hwmon/hwmon2/name': 'drivetemp\n',
    '/sys/class/hwmon/hwmon2/temp1_input': '32000\n',
  });
  assert.deepEqual(Object.fromEntries(readTemperatures(files)), {
    'temperature-cpu-thermal': 48.312,
    'temperature-nvme-Composite__1_a': -5,
    'temperature-drivetemp-temp1': 31,
    'temperature-drivetemp-temp1-2': 32,
  });
});

test('a sensor that is not connected, unreadable or empty is left out', () => {
  const zone = (n: number, temp: string) => [`/sys/class/thermal/thermal_zone${n}/temp`, temp];
  const files = machine(Object.fromEntries([zone(0, '-273200'), zone(1, '2147483647'), zone(2, ''), zone(3, 'oops')]));
  assert.equal(readTemperatures(files).size, 0);
});
