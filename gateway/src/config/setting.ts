import type { Bytes, Millis } from '../base/units.ts';
import type { FormName } from './forms.ts';

/** What it takes for a changed value to act: nothing more, or a new start of the program. */
export type Apply = 'live' | 'restart';

interface Described {
  /** One line for the reference page, the example file and the web form. */
  readonly help: string;
  /** `restart` where nothing is said; a row of tables follows what its tables say. */
  readonly apply?: Apply;
}

/** Text. An empty text is taken only where it is the default, and then means "not set". */
export interface TextSetting extends Described {
  readonly type: 'string' | 'path';
  readonly default?: string;
  /** No default: a file that leaves it out is faulty. */
  readonly required?: true;
  readonly form?: FormName;
  /** Never repeated in a message or by `config show`. */
  readonly secret?: true;
}

/** Without a default the setting may be absent, and its value is then `undefined`. */
export interface NumberSetting extends Described {
  readonly type: 'integer' | 'number';
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Default and range are written as in the file: `"10s"`, `"64KiB"`. */
export interface QuantitySetting extends Described {
  readonly type: 'duration' | 'size';
  readonly default: string;
  readonly min: string;
  readonly max: string;
}

export interface BooleanSetting extends Described {
  readonly type: 'boolean';
  readonly default: boolean;
}

export interface EnumSetting extends Described {
  readonly type: 'enum';
  readonly values: readonly string[];
  readonly default: string;
}

export interface StringListSetting extends Described {
  readonly type: 'string-list';
  readonly default: readonly string[];
  readonly form?: FormName;
}

/** A small table from free names to numbers, such as the parameters of a module. */
export interface NumberTableSetting extends Described {
  readonly type: 'number-table';
  readonly default: Readonly<Record<string, number>>;
}

export type Setting =
  | TextSetting
  | NumberSetting
  | QuantitySetting
  | BooleanSetting
  | EnumSetting
  | StringListSetting
  | NumberTableSetting;

/** `[name]` in the file. */
export interface Section extends Described {
  readonly type: 'section';
  readonly settings: Settings;
}

/** One `[[name]]` as it would stand in the file: names in snake_case, values as written. */
export type WrittenRow = Readonly<Record<string, unknown>>;

/** `[[name]]` in the file, any number of times. */
export interface Tables extends Described {
  readonly type: 'tables';
  readonly settings: Settings;
  /** Used when no layer has any. */
  readonly default?: readonly WrittenRow[];
  /** For the example file, where there is no default to show. */
  readonly example?: readonly WrittenRow[];
  readonly rowsMin?: number;
}

export type SettingNode = Setting | Section | Tables;

/** Names are those of the `Config` object (camelCase); the file has the same names in snake_case. */
export interface Settings {
  readonly [name: string]: SettingNode;
}

/** The typed configuration that a table of settings describes. */
export type ConfigOf<S> = { readonly [K in keyof S]: ValueOf<S[K]> };

type ValueOf<N> = N extends { type: 'section'; settings: infer S }
  ? ConfigOf<S>
  : N extends { type: 'tables'; settings: infer S }
    ? readonly ConfigOf<S>[]
    : N extends { default: unknown } | { required: true }
      ? Given<N>
      : Given<N> | undefined;

type Given<N> = N extends { type: 'string' | 'path' }
  ? string
  : N extends { type: 'integer' | 'number' }
    ? number
    : N extends { type: 'boolean' }
      ? boolean
      : N extends { type: 'duration' }
        ? Millis
        : N extends { type: 'size' }
          ? Bytes
          : N extends { type: 'enum'; values: readonly (infer V)[] }
            ? V
            : N extends { type: 'string-list' }
              ? readonly string[]
              : N extends { type: 'number-table' }
                ? Readonly<Record<string, number>>
                : never;
