import { join } from 'node:path';

/** What lies where in the state folder. */
export interface StatePaths {
  readonly folder: string;
  readonly database: string;
  readonly journal: string;
  readonly segments: string;
  /** Where the running gateway listens, as JSON: written at start, removed at stop. */
  readonly running: string;
}

export function statePaths(folder: string): StatePaths {
  return {
    folder,
    database: join(folder, 'tidegate.db'),
    journal: join(folder, 'journal'),
    segments: join(folder, 'segments'),
    running: join(folder, 'running.json'),
  };
}
