import { type Browser, chromium } from 'playwright-core';
import { findBinary } from '../../support/require.ts';

const QUIET = [
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The caller closes it. Only where there is a `chromium`. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findBinary('chromium')!, args: ['--no-sandbox', ...QUIET] });
}
