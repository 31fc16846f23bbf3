/** The saga suites on packages of functions: every step repeated, failing, undone and cut off, with functions that run on threads. */
import { answering } from './life-packages.ts';
import { runSuites, type Subject } from './life-subjects.ts';

const V1 = answering('1.0.0', -1);
const V2 = answering('1.1.0', -2);
const USERS = { first: { module: 'fun', lines: 'prewarm = 1' }, second: { module: 'fun' } };

const SUBJECTS: readonly Subject[] = [
  {
    title: 'a package that the configuration names already is installed, and its function begins',
    verb: 'add',
    prepare(world) {
      world.withFunctions({ first: { module: 'fun' } });
      world.ask('add', { name: 'fun', digest: world.packages.stage(V1) });
    },
  },
  {
    title: 'functions take a newer version',
    verb: 'add',
    prepare(world) {
      world.withFunctions(USERS).withPackage({ module: 'fun', version: '1.0.0', previous: null }, V1);
      world.ask('add', { name: 'fun', digest: world.packages.stage(V2) });
    },
  },
  {
    title: 'functions go back to the version before',
    verb: 'rollbackPackage',
    prepare(world) {
      world.withFunctions(USERS).withPackage({ module: 'fun', version: '1.1.0', previous: '1.0.0' }, V1, V2);
      world.ask('rollbackPackage', { name: 'fun' });
    },
  },
  {
    title: 'a package that no function is of is removed',
    verb: 'removePackage',
    prepare(world) {
      world.withPackage({ module: 'fun', version: '1.1.0', previous: '1.0.0' }, V1, V2);
      world.ask('removePackage', { name: 'fun' });
    },
  },
];

runSuites(SUBJECTS);
