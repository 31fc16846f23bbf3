/** Every verb of the program, in the order in which help lists them. */
import type { Command } from './command.ts';
import { configCheck, configShow } from './config.ts';
import {
  functionDeadDrop,
  functionDeadList,
  functionDeadRetry,
  functionInvoke,
  functionList,
  functionShow,
} from './function.ts';
import { install, uninstall } from './install.ts';
import { moduleBench } from './module-bench.ts';
import { moduleBuild } from './module-build.ts';
import {
  moduleConfigure,
  moduleInstall,
  moduleRemove,
  moduleResume,
  moduleRollback,
  moduleUpgrade,
} from './module-change.ts';
import { moduleInspect } from './module-inspect.ts';
import { moduleKeygen } from './module-keygen.ts';
import { moduleList, moduleShow } from './module-list.ts';
import { moduleNew } from './module-new.ts';
import { moduleSign } from './module-sign.ts';
import { moduleTest } from './module-test.ts';
import { moduleVerify } from './module-verify.ts';
import { run } from './run.ts';
import { sagaList, sagaShow } from './saga.ts';
import { selfTest } from './self-test.ts';
import { sink, sinkStatus } from './sink.ts';
import { status } from './status.ts';
import { storeExport, storeQuery, storeStatus } from './store.ts';
import { trustAdd, trustList, trustRevoke } from './trust.ts';
import { userHash } from './user.ts';
import { version } from './version.ts';

export const COMMANDS: readonly Command[] = [
  run,
  status,
  configShow,
  configCheck,
  storeStatus,
  storeQuery,
  storeExport,
  sagaList,
  sagaShow,
  sinkStatus,
  sink,
  moduleList,
  moduleShow,
  moduleInstall,
  moduleUpgrade,
  moduleRollback,
  moduleConfigure,
  moduleRemove,
  moduleResume,
  moduleNew,
  moduleBuild,
  moduleTest,
  moduleBench,
  moduleKeygen,
  moduleSign,
  moduleVerify,
  moduleInspect,
  trustAdd,
  trustList,
  trustRevoke,
  functionList,
  functionShow,
  functionInvoke,
  functionDeadList,
  functionDeadRetry,
  functionDeadDrop,
  userHash,
  install,
  uninstall,
  selfTest,
  version,
];
