import { readFileSync } from 'node:fs';

const UNIT = new URL('../../image/systemd/tidegate.service', import.meta.url);

/** What the service's unit puts into the environment: what runs without systemd runs with the same. */
export function serviceEnvironment(): Record<string, string> {
  const lines = readFileSync(UNIT, 'utf8').matchAll(/^Environment=(.*)$/gm);
  const pairs = [...lines].flatMap(([, words]) => words!.split(' ').map((word) => word.split('=') as [string, string]));
  return Object.fromEntries(pairs);
}
