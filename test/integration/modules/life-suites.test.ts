/** The saga suites on the life of a module: every step repeated, failing, undone and cut off, in a world with real packages, SQLite and WebAssembly. */
import { aggregate } from './life-packages.ts';
import { runSuites, type Subject } from './life-subjects.ts';
import { INPUTS, useOf } from './life-world.ts';

const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 200, watchMs: 200 };

const SUBJECTS: readonly Subject[] = [
  {
    title: 'a module that was not there is installed',
    verb: 'install',
    prepare: (world) => world.ask('install', { name: 'w1', digest: world.packages.stage(V1), inputs: INPUTS }),
  },
  {
    title: 'an installed module is upgraded, while another use stays',
    verb: 'upgrade',
    prepare(world) {
      world.installed(useOf('1.0.0'), V1).installed(useOf('1.0.0', { name: 'w2', enabled: false }));
      world.ask('upgrade', { name: 'w1', digest: world.packages.stage(V2), terms: TERMS });
    },
  },
  {
    title: 'a module goes back to the version before',
    verb: 'rollback',
    prepare(world) {
      world.installed(useOf('1.1.0', { previous: '1.0.0' }), V1, V2);
      world.ask('rollback', { name: 'w1' });
    },
  },
  {
    title: 'a module gets other inputs',
    verb: 'configure',
    prepare(world) {
      world.installed(useOf('1.0.0'), V1);
      const inputs = [{ series: 'device1/*', config: { windowMs: 1000 } }];
      world.ask('configure', { name: 'w1', inputs, watchMs: 200 });
    },
  },
  {
    title: 'a module is removed',
    verb: 'remove',
    prepare(world) {
      world.installed(useOf('1.1.0', { previous: '1.0.0' }), V1, V2);
      world.ask('remove', { name: 'w1' });
    },
  },
];

runSuites(SUBJECTS);
