import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder, wherever the command was called from. */
export const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
