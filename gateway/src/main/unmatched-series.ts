/** Tells of a module's input, or a function's alarm trigger, that is given nothing because no series has the name it asks for: once each. */
import { globToRegExp } from '../base/glob.ts';
import type { Config } from '../config/settings.ts';
import { type Series, seriesName } from '../core/model/series.ts';
import type { ModuleReport } from './modules/module-entry.ts';

export interface UnmatchedSeriesParts {
  readonly functions: Config['function'];
  readonly modules: () => readonly Pick<ModuleReport, 'name' | 'state' | 'inputs' | 'seriesRead'>[];
  /** Grows while the gateway runs. */
  readonly series: readonly Series[];
  /** Points taken in so far. */
  readonly points: () => number;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly log: (level: 'warn', text: string) => void;
}

const LOOK_EVERY_MS = 5000;
/** How long readings come before it is said. */
const PATIENCE_MS = 60_000;

/** Something that asks for series and has found none. */
interface Seeking {
  readonly sinceMs: number;
  /** Points taken in when it began. */
  readonly points: number;
  isTold: boolean;
}

export class UnmatchedSeries implements Disposable {
  readonly #parts: UnmatchedSeriesParts;
  /** By what the line says of it. */
  #seeking = new Map<string, Seeking>();
  readonly #triggers: Set<AlarmGlob>;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: UnmatchedSeriesParts) {
    this.#parts = parts;
    const globs = parts.functions.flatMap(({ name, enabled, trigger }) =>
      trigger.filter(({ type }) => enabled && type === 'alarm').map(({ series }) => new AlarmGlob(name, series)),
    );
    this.#triggers = new Set(globs);
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** The minute of each begins when readings come and it is seen to find nothing. */
  look(): void {
    const { nowMs, points, log } = this.#parts;
    const before = this.#seeking;
    this.#seeking = new Map();
    if (points() === 0) return;
    for (const what of this.#unmatched()) {
      const seeking = before.get(what) ?? { sinceMs: nowMs(), points: points(), isTold: false };
      this.#seeking.set(what, seeking);
      const isOver = nowMs() - seeking.sinceMs >= PATIENCE_MS && points() > seeking.points;
      if (seeking.isTold || !isOver) continue;
      seeking.isTold = true;
      log('warn', `${what} after a minute of readings; names are device/point, GET /api/series lists them`);
    }
  }

  *#unmatched(): Generator<string> {
    for (const { name, state, inputs, seriesRead } of this.#parts.modules()) {
      if (state !== 'running') continue;
      for (const [index, { series }] of inputs.entries())
        if (seriesRead[index] === 0) yield `module ${name}: no series matches its input "${series}"`;
    }
    for (const glob of this.#triggers) {
      if (glob.hasFound(this.#parts.series)) this.#triggers.delete(glob);
      else yield `function ${glob.fn}: no series matches its alarm trigger "${glob.text}"`;
    }
  }
}

/** The pattern of an alarm trigger. Alarms are series only once they were raised: before that the series they are of must do. */
class AlarmGlob {
  readonly fn: string;
  readonly text: string;
  readonly #whole: RegExp;
  readonly #measured: RegExp;
  #looked = 0;

  constructor(fn: string, text: string) {
    this.fn = fn;
    this.text = text;
    this.#whole = globToRegExp(text);
    this.#measured = globToRegExp(text.split('!')[0]!);
  }

  /** Looks at each series once. */
  hasFound(series: readonly Series[]): boolean {
    for (; this.#looked < series.length; this.#looked++) {
      const one = series[this.#looked]!;
      const name = seriesName(one);
      if (one.lane === 'aggregate') continue;
      if (this.#whole.test(name) || this.#measured.test(name)) return true;
    }
    return false;
  }
}
