import { join } from 'node:path';

/** What lies where in the state folder. */
export interface StatePaths {
  readonly folder: string;
  readonly database: string;
  readonly journal: string;
  readonly segments: string;
  /** Where the running gateway listens, as JSON: written at start, removed at stop. */
  readonly running: string;
  /** Unix socket for commands that change something: for the owner of the folder alone. */
  readonly control: string;
  /** Packages, guarded binaries, private folders and states of modules. */
  readonly modules: string;
}

export function statePaths(folder: string): StatePaths {
  return {
    folder,
    database: join(folder, 'tidegate.db'),
    journal: join(folder, 'journal'),
    segments: join(folder, 'segments'),
    running: join(folder, 'running.json'),
    control: join(folder, 'control.sock'),
    modules: join(folder, 'modules'),
  };
}
