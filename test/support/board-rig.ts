/** What a test on the emulated board begins with: the image, or the reason why there is none here. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { Board } from './board.ts';
import { type BoardImage, type ImageOptions, makeBoardImage } from './board-image.ts';
import { boardPackages, PACKAGE_FOLDER } from './board-packages.ts';
import { skipWithout } from './require.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** `npm run hw-test` sets it. */
const EXECUTABLE = process.env.TIDEGATE_BOARD_EXECUTABLE ?? '';

/**
 * Of one wait for the board, in milliseconds. Not what things should take: an emulated processor on a busy machine is a hundred times slower
 * than the machine, and one minute for a start has been seen.
 */
export const BOARD_WAIT_MS = 150_000;

/** For the `skip` of a test: why no board can be emulated here; false when one can. Fetches Debian's packages the first time. */
export function whyNoBoard(): string | false {
  if (!existsSync(EXECUTABLE)) return 'no executable for the board: `npm run hw-test` builds it';
  const missing = skipWithout('qemu-system-aarch64', 'mke2fs', 'cpio', 'gzip', 'apt-get', 'dpkg-deb');
  if (missing) return missing;
  try {
    boardPackages(PACKAGE_FOLDER);
    return false;
  } catch (error) {
    return `Debian's arm64 packages cannot be had: ${String(error).split('\n').filter(Boolean).slice(0, 2).join('; ')}`;
  }
}

/** One image and one card, and the boards that use them, one after the other. `using` removes the files. */
export class BoardRig implements Disposable {
  readonly #folder = temporaryFolder();
  readonly #options: ImageOptions;
  #image: BoardImage | undefined;

  /** @param addTo adds files to the board's root file system. */
  constructor(addTo?: ImageOptions['addTo']) {
    this.#options = { executable: EXECUTABLE, ...(addTo === undefined ? {} : { addTo }) };
  }

  /** Switches a board on; the card is as the board before has left it, and empty at first. */
  start(scenario: string, parameters = ''): Board {
    this.#image ??= makeBoardImage(this.#folder.path, this.#options);
    return Board.start(this.#image, { scenario, parameters });
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}
