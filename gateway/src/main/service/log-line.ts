/** What a line of the log may look like, whoever wrote its text: one line, no longer than a reader wants, and without secrets. */

/** Characters; journald itself cuts at 48 KiB, a person much sooner. */
const LINE_CHARACTERS_MAX = 1000;

/** Control characters, and what some readers take for the end of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be written.
const NOT_IN_A_LINE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/**
 * Secrets that texts of others may hold: a password in an address, a value named as one, a private key, an nkey seed, a JWT. Our own texts name
 * files, never what is in them; this is the second wall.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1***@'],
  [
    /\b(pass(?:word|phrase)?|secret|token|authorization)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|(?:bearer |basic )?[^\s,;"')]+)/gi,
    '$1$2***',
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/gs, '***'],
  [/\bS[OAUNCX][A-Z2-7]{56}\b/g, '***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '***'],
];

/** @returns the text as one line. */
export function logLine(text: string): string {
  let line = text;
  for (const [pattern, instead] of SECRETS) line = line.replace(pattern, instead);
  line = line.replace(NOT_IN_A_LINE, ' ').trimEnd();
  if (line.length <= LINE_CHARACTERS_MAX) return line;
  return `${line.slice(0, LINE_CHARACTERS_MAX)}… (${line.length - LINE_CHARACTERS_MAX} more characters)`;
}
