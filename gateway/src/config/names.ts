/** `packetMax` → `packet_max`: names in the file are snake_case, in the `Config` object camelCase. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** One step down a path as people read it: `mqtt` + `listener` → `mqtt.listener`. A key that TOML would quote is quoted. */
export function childPath(path: string, key: string): string {
  const written = /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
  return path === '' ? written : `${path}.${written}`;
}

export function rowPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

/** `module[0].input` → `module.input`: as the header of a table is written. */
export function withoutRowNumbers(path: string): string {
  return path.replace(/\[\d*\]/g, '');
}

/** True when `path` is `ancestor` or lies under it. The empty path is above everything. */
export function isWithin(path: string, ancestor: string): boolean {
  if (ancestor === '') return true;
  return path.startsWith(ancestor) && ['', '.', '['].includes(path.slice(ancestor.length, ancestor.length + 1));
}

/** The path itself and everything above it, nearest first, without the empty one. */
export function* pathAndAncestors(path: string): Generator<string> {
  for (let current = path; current !== ''; current = current.replace(/(?:^|\.)[^.[\]]*$|\[\d+\]$|.$/s, '')) {
    yield current;
  }
}
