import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitAlarmName } from '../../../gateway/src/main/status-report.ts';

test('the name of an alarm is split where the module begins, also when the point has an exclamation mark', () => {
  assert.deepEqual(splitAlarmName('pump 3/temp.x!y!limits.high'), { series: 'pump 3/temp.x!y', kind: 'limits.high' });
  assert.deepEqual(splitAlarmName('boiler/temperature!limits.high'), {
    series: 'boiler/temperature',
    kind: 'limits.high',
  });
  assert.deepEqual(splitAlarmName('16777217'), { series: '16777217', kind: '' });
});
