import { unreachable } from '../base/assert.ts';
import { formNamed } from './forms.ts';
import { snakeCase } from './names.ts';
import { LIST_LENGTH_MAX, TEXT_LENGTH_MAX } from './read-value.ts';
import type { Apply, Setting, SettingNode, Settings, StringListSetting, TextSetting } from './setting.ts';
import { SETTINGS } from './settings.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** As `base/units.ts` reads them. */
const DURATION_PATTERN = '^\\d+(?:\\.\\d+)?(?:ms|s|m|h|d)$';
const SIZE_PATTERN = '^\\d+(?:\\.\\d+)?(?:B|KiB|MiB|GiB)$';

/**
 * JSON schema (draft 2020-12) of one file of settings, for editors and forms. What a schema cannot say (ranges of durations
 * and sizes, whether a change is live) stands under `x-tidegate`; rules that span settings are not in it.
 */
export function renderSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Tidegate settings',
    ...tableSchema(SETTINGS, 'restart'),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function tableSchema(settings: Settings, inherited: Apply): JsonSchema {
  const nodes = Object.entries(settings);
  const required = nodes.filter(([, node]) => isRequired(node)).map(([name]) => snakeCase(name));
  return {
    type: 'object',
    properties: Object.fromEntries(nodes.map(([name, node]) => [snakeCase(name), nodeSchema(node, inherited)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function isRequired(node: SettingNode): boolean {
  return node.type === 'tables' ? (node.rowsMin ?? 0) > 0 : 'required' in node && node.required === true;
}

function nodeSchema(node: SettingNode, inherited: Apply): JsonSchema {
  const apply = node.apply ?? inherited;
  const described = { description: node.help };
  if (node.type === 'section') return { ...described, ...tableSchema(node.settings, apply) };
  if (node.type === 'tables') {
    const bounds = node.rowsMin === undefined ? {} : { minItems: node.rowsMin };
    const standard = node.default === undefined ? {} : { default: node.default };
    return { ...described, type: 'array', items: tableSchema(node.settings, apply), ...bounds, ...standard };
  }
  const standard = node.default === undefined ? {} : { default: node.default };
  return { ...described, ...valueSchema(node), ...standard, 'x-tidegate': { apply, ...hintsForForms(node) } };
}

function valueSchema(setting: Setting): JsonSchema {
  switch (setting.type) {
    case 'string':
    case 'path':
      return textSchema(setting, setting.default === '');
    case 'integer':
    case 'number': {
      const { type, min, max } = setting;
      return { type, ...(min === undefined ? {} : { minimum: min }), ...(max === undefined ? {} : { maximum: max }) };
    }
    case 'boolean':
      return { type: 'boolean' };
    case 'duration':
      return { type: 'string', pattern: DURATION_PATTERN };
    case 'size':
      return { type: 'string', pattern: SIZE_PATTERN };
    case 'enum':
      return { type: 'string', enum: setting.values };
    case 'string-list':
      return { type: 'array', items: textSchema(setting, false), maxItems: LIST_LENGTH_MAX };
    case 'number-table':
      return { type: 'object', additionalProperties: { type: 'number' }, maxProperties: LIST_LENGTH_MAX };
    default:
      return unreachable(setting);
  }
}

function textSchema(setting: TextSetting | StringListSetting, mayBeEmpty: boolean): JsonSchema {
  const bounds = { type: 'string', ...(mayBeEmpty ? {} : { minLength: 1 }), maxLength: TEXT_LENGTH_MAX };
  if (setting.form === undefined) return bounds;
  const { source } = formNamed(setting.form).pattern;
  return { ...bounds, pattern: mayBeEmpty ? `^$|${source}` : source };
}

/** What a form needs to know and the schema proper cannot say. */
function hintsForForms(setting: Setting): JsonSchema {
  if (setting.type === 'duration' || setting.type === 'size') {
    return { kind: setting.type, min: setting.min, max: setting.max };
  }
  if (setting.type === 'path') return { kind: 'path' };
  return 'secret' in setting && setting.secret ? { secret: true } : {};
}
