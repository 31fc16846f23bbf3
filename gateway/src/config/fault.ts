import { GatewayError } from '../base/errors.ts';

/** One thing that is wrong with a configuration. */
export interface ConfigFault {
  /** `mqtt.listener.port`, `ingest.route[0].topic`; empty when the text as a whole could not be read. */
  readonly path: string;
  /** What was expected and what was found. */
  readonly message: string;
  readonly hint?: string;
  /** The layer it stands in, as its caller named it. */
  readonly origin: string;
  /** From 1, where it is known. */
  readonly line?: number;
}

/** Faults listed in the message of one error; `faults` holds all. */
const FAULTS_LISTED = 50;

/** All faults of a configuration at once. `code` is `invalid`. */
export class ConfigError extends GatewayError {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.slice(0, FAULTS_LISTED).map((fault) => `\n  ${describeFault(fault)}`);
    if (faults.length > FAULTS_LISTED) lines.push(`\n  … and ${faults.length - FAULTS_LISTED} more`);
    super('invalid', `configuration: ${faults.length === 1 ? '1 fault' : `${faults.length} faults`}${lines.join('')}`, {
      hint: 'Mend what is listed, then try again with `tidegate config check`.',
    });
    this.name = 'ConfigError';
    this.faults = faults;
  }

  override toJSON(): ReturnType<GatewayError['toJSON']> & { faults: readonly ConfigFault[] } {
    return { ...super.toJSON(), faults: this.faults };
  }
}

/** One line: where, which setting, what is wrong, what to do. */
export function describeFault(fault: ConfigFault): string {
  const where = fault.line === undefined ? fault.origin : `${fault.origin}:${fault.line}`;
  const subject = fault.path === '' ? '' : `${fault.path}: `;
  return `${where}: ${subject}${fault.message}${fault.hint === undefined ? '' : ` (${fault.hint})`}`;
}
