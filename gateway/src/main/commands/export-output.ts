import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../../adapters/files/durable.ts';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import { isReaderGone, writeStandardOutput, writeWhole } from './standard-output.ts';

/** Where an export goes. Released before it is finished, it leaves no file that looks whole. */
export interface ExportOutput extends Disposable {
  /** @throws GatewayError `exhausted` for a full disk; of a reader that has gone the system's own error. */
  write(text: string): void;
  /** Nothing more comes. @throws as `write`. */
  finish(): void;
}

/**
 * @param path a file gets its name, and replaces one that has it, when all of it is on disk: until then it is `FILE.part`. A pipe or a device is
 * written in place. Undefined: standard output.
 * @throws GatewayError `unavailable` where nothing can be written.
 */
export function openOutput(path: string | undefined): ExportOutput {
  if (path === undefined) return STANDARD_OUTPUT;
  try {
    const found = fs.statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) return new OutputFile(path, path, fs.openSync(path, 'w'));
    const target = found === undefined ? path : fs.realpathSync(path);
    const draft = `${target}.part`;
    return new OutputFile(target, draft, fs.openSync(draft, 'w'));
  } catch (error) {
    const hint = 'Name a file in a folder that exists and is writable.';
    throw new GatewayError('unavailable', `--output ${path}`, { cause: error, hint });
  }
}

const STANDARD_OUTPUT: ExportOutput = {
  write: writeStandardOutput,
  finish: () => undefined,
  [Symbol.dispose]: () => undefined,
};

class OutputFile implements ExportOutput {
  readonly #path: string;
  /** The same where it is written in place. */
  readonly #draft: string;
  readonly #descriptor: number;
  #isOpen = true;

  constructor(path: string, draft: string, descriptor: number) {
    this.#path = path;
    this.#draft = draft;
    this.#descriptor = descriptor;
  }

  write(text: string): void {
    this.#do(() => writeWhole(this.#descriptor, text));
  }

  finish(): void {
    this.#do(() => {
      if (this.#draft !== this.#path) fs.fdatasyncSync(this.#descriptor);
      this.#close();
      if (this.#draft === this.#path) return;
      fs.renameSync(this.#draft, this.#path);
      syncFolder(dirname(this.#path));
    });
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#close();
    if (this.#draft !== this.#path) fs.rmSync(this.#draft, { force: true });
  }

  #close(): void {
    this.#isOpen = false;
    fs.closeSync(this.#descriptor);
  }

  #do(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw isReaderGone(error) ? error : writeError(this.#path, error);
    }
  }
}

function writeError(path: string, error: unknown): GatewayError {
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new GatewayError('exhausted', `write ${path}: the disk is full (${errno})`, {
      hint: 'Free space there, or name a file on another disk.',
    });
  }
  return new GatewayError('unavailable', `write ${path}`, { cause: error, hint: 'Name a file elsewhere.' });
}
