import * as fs from 'node:fs';
import type { Database } from '../../adapters/sqlite/database.ts';
import { readSeries } from '../../adapters/sqlite/rows.ts';
import { GatewayError } from '../../base/errors.ts';
import { globToRegExp } from '../../base/glob.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { formatBytes } from '../../base/units.ts';
import { ALARM_STATE, unpackQuality } from '../../core/model/quality.ts';
import { LANES, type Lane, type Series, seriesName } from '../../core/model/series.ts';
import { PointHistory } from '../point-history.ts';
import { type Command, EXIT, parseMoment, print, printJson, table, textOf } from './command.ts';
import { openOutput } from './export-output.ts';
import { openState, STATE_OPTIONS } from './state-folder.ts';

const SPAN_OPTIONS = { ...STATE_OPTIONS, from: { type: 'string' }, to: { type: 'string' } } as const;
const DAY_MS = 86_400_000;
/** Of segments that were left out. */
const NAMES_SHOWN = 5;

interface SegmentSum {
  readonly lane: Lane;
  readonly state: string;
  readonly segments: number;
  readonly points: number;
  readonly bytes: number;
}

export const storeStatus: Command = {
  verb: 'store status',
  usage: '[--state DIR]',
  summary: 'Segments, points and octets by lane and state; works without a running gateway.',
  options: STATE_OPTIONS,
  words: [0, 0],
  async run({ options }) {
    using state = openState(options);
    const sums = state.database
      .prepare(
        `SELECT lane, state, count(*) AS segments, sum(points) AS points, sum(bytes) AS bytes FROM segment GROUP BY lane, state`,
      )
      .all() as SegmentSum[];
    const series = state.database.prepare('SELECT count(*) FROM series').pluck().get() as number;
    const journalBytes = folderBytes(state.paths.journal);
    if (options.json) printJson({ folder: state.paths.folder, series, journalBytes, segments: sums });
    else {
      print(`${state.paths.folder}: ${series} series, journal ${formatBytes(journalBytes)}`);
      print(
        table(
          ['lane', 'state', 'segments', 'points', 'octets'],
          sums.map((s) => [s.lane, s.state, s.segments, s.points, s.bytes]),
        ),
      );
    }
    return EXIT.ok;
  },
};

export const storeQuery: Command = {
  verb: 'store query',
  usage: 'SERIES [--from TIME] [--to TIME] [--limit N] [--state DIR]',
  summary:
    'Prints the points of one series (device/point) from its segments, those of the last day unless told; points of the last seconds may still be in the journal.',
  options: { ...SPAN_OPTIONS, limit: { type: 'string' } },
  words: [1, 1],
  async run({ options, words: [name] }) {
    using state = openState(options);
    const series = findSeries(state.database, name!);
    const { fromMs, toMs } = spanOf(options);
    const limit = Number(options.limit ?? 1000);
    if (!Number.isInteger(limit) || limit < 1)
      throw new GatewayError('invalid', `--limit: a whole number of at least 1 expected, ${options.limit} found`);
    const found: { timeMs: number; value: number | null; quality: ReturnType<typeof qualityOf> }[] = [];
    const history = new PointHistory(state.database, state.paths.segments);
    for await (const points of history.pointsOf(series, fromMs, toMs)) {
      for (let row = 0; row < points.length && found.length < limit; row++) {
        const value = points.value[row]!;
        found.push({
          timeMs: points.timeMs[row]!,
          value: Number.isNaN(value) ? null : value,
          quality: qualityOf(series, points.quality[row]!),
        });
      }
    }
    warnOfDamage(history);
    const { missing, damaged } = history;
    if (options.json) {
      const isComplete = found.length < limit && missing.size === 0 && damaged.size === 0;
      const segments = { missingSegments: [...missing], damagedSegments: [...damaged] };
      printJson({ series, fromMs, toMs, points: found, isComplete, ...segments });
    } else {
      print(
        table(
          ['time', `value ${series.unit}`.trim(), series.lane === 'alarm' ? 'alarm' : 'quality'],
          found.map((p) => [timeText(p.timeMs), String(p.value), wordOf(p.quality)]),
        ),
      );
      if (found.length === 0)
        print(
          `(nothing from ${timeText(fromMs)} to ${timeText(toMs)}; another range with --from and --to, such as --from=-7d)`,
        );
      if (found.length === limit) print(`(the first ${limit}; more with --limit)`);
    }
    return EXIT.ok;
  },
};

export const storeExport: Command = {
  verb: 'store export',
  usage: '[--series GLOB] [--lane LANE] [--format ndjson|csv] [--output FILE] [--from TIME] [--to TIME]',
  summary:
    'Writes points of every matching series as NDJSON or CSV, segment after segment. --output: FILE has its name when it is whole, until then it is FILE.part.',
  options: {
    ...SPAN_OPTIONS,
    series: { type: 'string' },
    lane: { type: 'string' },
    format: { type: 'string' },
    output: { type: 'string' },
  },
  words: [0, 0],
  async run({ options }) {
    using state = openState(options);
    const { fromMs, toMs } = spanOf(options, 0);
    const lanes = options.lane === undefined ? LANES : [laneFrom(String(options.lane))];
    const format = textOf(options.format) ?? 'ndjson';
    if (format !== 'ndjson' && format !== 'csv')
      throw new GatewayError('invalid', `--format: ndjson or csv expected, ${format} found`);
    const pattern = globToRegExp(textOf(options.series) ?? '**');
    const file = textOf(options.output);
    using output = openOutput(file);
    const history = new PointHistory(state.database, state.paths.segments);
    let written = 0;
    if (format === 'csv') output.write('series,lane,timeMs,value,quality\n');
    for (const lane of lanes) {
      for (const { reader } of history.segments(lane, fromMs, toMs)) {
        const lines: string[] = [];
        for (const { series } of reader.entries) {
          if (!pattern.test(seriesName(series))) continue;
          const points = reader.readSeries(series.id)!;
          for (let row = 0; row < points.length; row++) {
            const timeMs = points.timeMs[row]!;
            if (timeMs >= fromMs && timeMs <= toMs)
              lines.push(lineOf(format, series, timeMs, points.value[row]!, points.quality[row]!));
          }
        }
        written += lines.length;
        output.write(lines.join(''));
      }
    }
    output.finish();
    warnOfDamage(history);
    if (file !== undefined) {
      if (options.json) printJson({ output: file, points: written });
      else print(`${written} points written to ${file}`);
    }
    return EXIT.ok;
  },
};

function lineOf(format: 'ndjson' | 'csv', series: Series, timeMs: number, value: number, quality: number): string {
  const number = Number.isNaN(value) ? null : value;
  const name = seriesName(series);
  if (format === 'ndjson')
    return `${JSON.stringify({ series: name, lane: series.lane, timeMs, value: number, quality })}\n`;
  return `"${name.replaceAll('"', '""')}",${series.lane},${timeMs},${number ?? ''},${quality}\n`;
}

function warnOfDamage({ damaged, missing }: PointHistory): void {
  for (const [what, names] of Object.entries({ damaged, missing })) {
    if (names.size === 0) continue;
    const shown = [...names].slice(0, NAMES_SHOWN).join(', ');
    const rest = names.size > NAMES_SHOWN ? `, and ${names.size - NAMES_SHOWN} more` : '';
    process.stderr.write(`${names.size} ${what} segments were left out: ${shown}${rest}\n`);
  }
}

/** @throws GatewayError `invalid` for a beginning after the end. */
function spanOf(options: Readonly<Record<string, unknown>>, defaultFromMs?: number): { fromMs: number; toMs: number } {
  const now = Date.now();
  const toMs = typeof options.to === 'string' ? parseMoment(options.to, now) : now + DAY_MS;
  const fromMs = typeof options.from === 'string' ? parseMoment(options.from, now) : (defaultFromMs ?? now - DAY_MS);
  if (fromMs <= toMs) return { fromMs, toMs };
  const message = `--from: a time of at most --to, ${timeText(toMs)}, expected, ${timeText(fromMs)} found`;
  let hint = 'Exchange the two.';
  if (options.from === undefined) hint = 'Without --from it is a day before now: give both.';
  if (options.to === undefined) hint = 'Without --to it is a day after now: give both, or an earlier --from.';
  throw new GatewayError('invalid', message, { hint });
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** On the alarm lane the octet is the alarm's state. */
function qualityOf(
  { lane }: Series,
  octet: number,
): { alarm: 'raised' | 'cleared' } | ReturnType<typeof unpackQuality> {
  if (lane !== 'alarm') return unpackQuality(octet);
  return { alarm: octet === ALARM_STATE.raised ? 'raised' : 'cleared' };
}

function wordOf(quality: ReturnType<typeof qualityOf>): string {
  return 'alarm' in quality ? quality.alarm : quality.grade;
}

function findSeries(database: Database, name: string): Series {
  const all = readSeries(database);
  const found = all.find((series) => seriesName(series) === name);
  if (found !== undefined) return found;
  const near = nearestWord(name, all.map(seriesName));
  throw new GatewayError('not_found', `series ${name}: no such series`, {
    hint: near === undefined ? 'The page lists all series; so does GET /api/series.' : `Did you mean ${near}?`,
  });
}

function laneFrom(text: string): Lane {
  const lane = LANES.find((candidate) => candidate === text);
  if (lane === undefined)
    throw new GatewayError('invalid', `--lane: one of ${LANES.join(', ')} expected, ${text} found`);
  return lane;
}

function folderBytes(folder: string): number {
  if (!fs.existsSync(folder)) return 0;
  return fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(`${folder}/${name}`).size, 0);
}
