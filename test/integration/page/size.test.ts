/** The page is loaded over a phone's worst connection: all of it, compressed, has to stay small. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { skipWithout } from '../../support/require.ts';
import { openBrowser } from './browser.ts';

const OCTETS_MAX = 150_000;

test('everything that the page loads has at most 150 kB, compressed', { skip: skipWithout('chromium') }, async (t) => {
  await using gateway = await new GatewayProcess().start();
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  const bodies: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (!response.url().includes('/api/')) bodies.push(response.body());
  });
  await page.goto(gateway.web);
  await eventually('the page', () => page.locator('#page').isVisible());
  const loaded = await Promise.all(bodies);
  const octets = loaded.reduce((sum, body) => sum + gzipSync(body).length, 0);
  assert.ok(loaded.length > 20, `${loaded.length} files`);
  assert.ok(octets <= OCTETS_MAX, `${octets} octets in ${loaded.length} files`);
  t.diagnostic(`${octets} octets in ${loaded.length} files`);
});
