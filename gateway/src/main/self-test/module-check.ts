import { compileModule, ModuleInstance } from '../../adapters/wasm/module-instance.ts';
import { ROW_STATE } from '../../core/modules/batch-layout.ts';
import { parseManifest } from '../../core/modules/manifest.ts';
import { assets } from '../assets.ts';
import { admitForHost, configOf } from '../modules/load-module.ts';
import { type Check, expectSame } from './check.ts';

const LIMIT = 80;
const VALUES = [LIMIT - 1, LIMIT + 5, LIMIT - 10];

/** A module that comes with the program, guarded and metered as in the gateway: a reading above its limit raises the alarm, one below clears it. */
export const moduleCheck: Check = {
  name: 'module',
  run() {
    const files = assets.module('threshold-alarm');
    const manifest = parseManifest(files.manifest);
    const compiled = compileModule(admitForHost(files.wasm, manifest, null), manifest);
    const instance = new ModuleInstance(compiled, manifest, configOf(manifest, 'self-test', [{ high: LIMIT }]));
    const input = instance.input(VALUES.length);
    for (const [row, value] of VALUES.entries()) {
      input.timeMs[row] = 1_795_000_000_000 + row * 1000;
      input.value[row] = value;
      input.series[row] = 1;
      input.quality[row] = 0;
      input.channel[row] = 0;
      input.state[row] = 0;
    }
    const states: number[] = [];
    const result = instance.onBatch(VALUES.length, (output) => {
      for (let row = 0; row < output.count; row++) states.push(output.state[row]!);
    });
    expectSame('result of the batch', 0, result);
    expectSame('alarms', `${ROW_STATE.raised},${ROW_STATE.cleared}`, states.join());
    return `${manifest.id} ${manifest.version}: guarded, one alarm raised and cleared; ${assets.moduleIds().length} modules on board`;
  },
};
