import { findSaga, listSagas, readTimeline } from '../../adapters/sqlite/saga-store.ts';
import { GatewayError } from '../../base/errors.ts';
import { SAGA_MOVES, type SagaState } from '../../core/model/saga.ts';
import { sagaSummary } from '../status-report.ts';
import { type Command, EXIT, listOf, print, printJson, table } from './command.ts';
import { openState, STATE_OPTIONS } from './state-folder.ts';

const LIST_MAX = 50;

export const sagaList: Command = {
  verb: 'saga list',
  usage: '[--only STATE]... [--state DIR]',
  summary: `The last ${LIST_MAX} sagas to have moved; --only narrows to states (${Object.keys(SAGA_MOVES).join(', ')}).`,
  options: { ...STATE_OPTIONS, only: { type: 'string', multiple: true } },
  words: [0, 0],
  async run({ options }) {
    const states = listOf(options.only).map((text) => {
      if (!(text in SAGA_MOVES))
        throw new GatewayError(
          'invalid',
          `--only: one of ${Object.keys(SAGA_MOVES).join(', ')} expected, ${text} found`,
        );
      return text as SagaState;
    });
    using state = openState(options);
    const sagas = listSagas(state.database, LIST_MAX, states).map(sagaSummary);
    if (options.json) printJson(sagas);
    else {
      const rows = sagas.map((s) => [
        s.id,
        s.state,
        s.step,
        s.attempt,
        s.generation,
        new Date(s.updatedMs).toISOString(),
        s.error ?? '',
      ]);
      print(table(['saga', 'state', 'step', 'attempt', 'generation', 'updated', 'error'], rows));
    }
    return EXIT.ok;
  },
};

export const sagaShow: Command = {
  verb: 'saga show',
  usage: 'ID [--state DIR]',
  summary: 'The timeline of one saga.',
  options: STATE_OPTIONS,
  words: [1, 1],
  async run({ options, words: [id] }) {
    using state = openState(options);
    const saga = findSaga(state.database, id!);
    if (saga === undefined) {
      throw new GatewayError('not_found', `saga ${id}: no such saga`, {
        hint: '`tidegate saga list` shows the latest; finished ones are kept up to 1,000.',
      });
    }
    const events = readTimeline(state.database, id!);
    if (options.json) printJson({ saga, events });
    else {
      print(`${saga.id}  ${saga.state}  ${JSON.stringify(saga.parameters)}  generation ${saga.generation}\n`);
      const start = events[0]?.atMs ?? 0;
      print(
        table(
          ['after', 'what', 'step', 'try', 'detail'],
          events.map((e) => [`${e.atMs - start} ms`, e.kind, e.step ?? '', e.attempt, e.detail ?? '']),
        ),
      );
      if (saga.error !== null) print(`\nlast error: ${saga.error}`);
    }
    return EXIT.ok;
  },
};
