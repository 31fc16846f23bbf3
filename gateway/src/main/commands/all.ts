/** Every verb of the program, in the order in which help lists them. */
import type { Command } from './command.ts';
import { configCheck, configShow } from './config.ts';
import { run } from './run.ts';
import { sagaList, sagaShow } from './saga.ts';
import { sink, sinkStatus } from './sink.ts';
import { status } from './status.ts';
import { storeExport, storeQuery, storeStatus } from './store.ts';
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
  userHash,
  version,
];
