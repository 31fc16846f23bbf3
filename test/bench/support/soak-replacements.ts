import { setTimeout as wait } from 'node:timers/promises';
import type { ModuleWorkshop } from '../../support/signed-module.ts';

/** A module under one version after another, each signed with a key made for this run, through the program's own verbs. */
export class Replacements {
  readonly #workshop: ModuleWorkshop;
  readonly #everyMs: number;
  readonly faults: string[] = [];
  done = 0;

  constructor(workshop: ModuleWorkshop, everyMs: number) {
    this.#workshop = workshop;
    this.#everyMs = everyMs;
  }

  async install(): Promise<void> {
    await this.#workshop.trustNewKey('soak', 'partner');
    const folder = await this.#workshop.pack('window-aggregate', '2.0.0', 'soak');
    await this.#workshop.module('install', folder, '--name', 'windows', '--input', 'batch/*', '--set', 'windowMs=1000');
  }

  /** Until the moment; what is under way then is waited for. */
  async run(untilMs: number): Promise<void> {
    while (performance.now() + this.#everyMs < untilMs) {
      await wait(this.#everyMs);
      await this.#replace().catch((error: Error) => this.faults.push(`replacement: ${error.message}`));
    }
  }

  async #replace(): Promise<void> {
    const folder = await this.#workshop.pack('window-aggregate', `2.${this.done + 1}.0`, 'soak');
    const { state, error } = await this.#workshop.module(
      'upgrade',
      'windows',
      folder,
      '--compare',
      '2s',
      '--watch',
      '1s',
    );
    if (state !== 'succeeded') throw new Error(`2.${this.done + 1}.0 ${state}: ${error}`);
    this.done++;
  }
}
