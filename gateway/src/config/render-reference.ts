import { describeWanted } from './describe.ts';
import { childPath, snakeCase } from './names.ts';
import { LIST_LENGTH_MAX, TEXT_LENGTH_MAX } from './read-value.ts';
import { RULES } from './rules.ts';
import type { Apply, Section, Setting, Settings, Tables } from './setting.ts';
import { SETTINGS } from './settings.ts';
import { tomlValue, writtenDefault } from './written-value.ts';

const HEAD = `# Settings

Written by \`npm run docs\` from the table in \`gateway/src/config\`: change the table, not this page.
The same table gives \`gateway/tidegate.example.toml\` and \`tidegate.schema.json\` beside this page.

Settings are TOML. Layers are read weakest first: defaults, image, device, then \`conf.d/*.toml\` by name.

- Tables merge key by key. Any other value is replaced as a whole by a stronger layer, and so are all \`[[tables]]\` of one
  name together: a layer with one \`[[module]]\` has that one module and no other, and \`module = []\` none at all.
- All faults of all layers are reported at once, and none of it is applied. An unknown key is a fault. What may be meant so, such as a file that
  is named and cannot be read here, or a function without a trigger, is a warning: \`tidegate config check\` prints it, and \`tidegate run\` logs it.
- Durations are text with a unit (\`250ms\`, \`10s\`, \`5m\`, \`2h\`, \`7d\`), and so are sizes (\`512B\`, \`64KiB\`, \`1MiB\`, \`1GiB\`).
- An empty text is a setting that is not set; it is taken only where it is the default.
- Secrets never stand in a file of settings: it names the file that holds them, or has a hash.
- A change acts at once where it says *live*; otherwise with the next start.
- A text has at most ${TEXT_LENGTH_MAX} characters and no control characters, a list at most ${LIST_LENGTH_MAX} entries.
- Which keys of a message's JSON are value and time, and when it is several series: [payloads.md](payloads.md).
`;

/** The reference page of all settings, `docs/reference/settings.md`. */
export function renderReference(): string {
  const rules = RULES.map((rule) => `- ${rule.says}`);
  return `${[HEAD, ...tableLines(SETTINGS, '', 'restart'), '## Rules that span settings', '', ...rules].join('\n')}\n`;
}

/** A table of the plain settings, then a chapter for each section and each kind of row below. */
function tableLines(settings: Settings, path: string, inherited: Apply): string[] {
  const rows: string[] = [];
  const chapters: string[] = [];
  for (const [name, node] of Object.entries(settings)) {
    const key = snakeCase(name);
    const apply = node.apply ?? inherited;
    if (node.type === 'section' || node.type === 'tables')
      chapters.push(...chapterLines(node, childPath(path, key), apply));
    else rows.push(settingLine(node, key, apply));
  }
  if (rows.length === 0) return chapters;
  const head = ['| Setting | Takes | Default | Change | What it is |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...rows, '', ...chapters];
}

function chapterLines(node: Section | Tables, path: string, apply: Apply): string[] {
  const title = node.type === 'section' ? `[${path}]` : `[[${path}]]`;
  const lines = [`## \`${title}\``, '', node.help, ''];
  if (node.type === 'tables' && node.default !== undefined) {
    lines.push('Where no layer has any, these:', '', ...node.default.map((row) => `- \`${tomlValue(row)}\``), '');
  }
  return [...lines, ...tableLines(node.settings, path, apply)];
}

function settingLine(setting: Setting, key: string, apply: Apply): string {
  const isRequired = 'required' in setting && setting.required === true;
  const written = writtenDefault(setting);
  const standard = isRequired ? 'required' : written === undefined ? 'not set' : `\`${written}\``;
  const cells = [`\`${key}\``, describeWanted(setting), standard, apply, setting.help];
  return `| ${cells.map(markdownCell).join(' | ')} |`;
}

/** Keeps what Markdown would read as markup: everywhere a bar, outside of code also dollars, stars and angle brackets. */
function markdownCell(text: string): string {
  const parts = text.replaceAll('|', '\\|').split('`');
  return parts.map((part, index) => (index % 2 === 1 ? part : part.replace(/[$*<]/g, '\\$&'))).join('`');
}
