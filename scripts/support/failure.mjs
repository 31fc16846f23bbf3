import process from 'node:process';

/** A start-up step that failed for a reason a person can mend: shown as its lines, without a stack. */
export class StartFailure extends Error {
  /** @param {string} message what was wanted and what was found @param {string} [hint] what to do now */
  constructor(message, hint) {
    super(hint === undefined ? message : `${message}\n  hint: ${hint}`);
    this.name = 'StartFailure';
  }
}

/**
 * Runs a script's main function and ends the process with the number it resolves to.
 * A `StartFailure` prints its message and ends with 1; anything else is a mistake of ours and keeps its stack.
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (thrown) {
    if (!(thrown instanceof StartFailure)) throw thrown;
    console.error(`tidegate: ${thrown.message}`);
    process.exitCode = 1;
  }
}
