/** What a caller may compare; the text is for people and may change. */
export type ErrorCode = 'invalid' | 'not_found' | 'conflict' | 'unavailable' | 'exhausted' | 'corrupt' | 'denied';

export interface ErrorOptionsWithHint {
  cause?: unknown;
  /** One sentence for a technician at the device: what to do now. */
  hint?: string;
}

/**
 * An expected failure: bad input, broker down, disk full. The message names the thing, what was expected and what was found.
 * A programmer's mistake is an assertion (`assert.ts`); a cancelled wait rejects with its signal's reason.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsWithHint = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'GatewayError';
    this.code = code;
    this.hint = options.hint;
  }

  toJSON(): { code: ErrorCode; message: string; hint?: string } {
    return { code: this.code, message: this.message, ...(this.hint === undefined ? {} : { hint: this.hint }) };
  }
}

/** Reads any thrown value as one line of text, its causes after it; what a line above has said already is not said again. */
export function describeError(thrown: unknown): string {
  const parts: string[] = [];
  let current: unknown = thrown;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    const text = current instanceof Error ? current.message : String(current);
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

/** The same with the hint, where there is one: for people who see nothing else. */
export function describeWithHint(thrown: unknown): string {
  const hint = thrown instanceof GatewayError ? thrown.hint : undefined;
  return hint === undefined ? describeError(thrown) : `${describeError(thrown)}. ${hint}`;
}

/** True for an error that a later try may not meet again. */
export function isTransient(thrown: unknown): boolean {
  return thrown instanceof GatewayError && (thrown.code === 'unavailable' || thrown.code === 'exhausted');
}

/** The code of a failed system call (`ENOSPC`, `EACCES`), or undefined. */
export function errnoOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
