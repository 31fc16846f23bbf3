/** What the page says of modules, canaries, functions and developer mode, in a real browser, of a gateway that has them in every state. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { skipWithout } from '../../support/require.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { openBrowser } from './browser.ts';
import { LONG_NAME, ModulesOnShow, PUBLISHER } from './modules-on-show.ts';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };

/** A page whose errors fail the test that opened it. */
async function openPage(t: TestContext, web: string, viewport = PHONE): Promise<Page> {
  const browser = await openBrowser();
  const page = await browser.newPage({ viewport });
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  t.after(async () => {
    await browser.close();
    assert.deepEqual(complaints, []);
  });
  await page.goto(web);
  await page.locator('#page').waitFor({ timeout: 20_000 });
  return page;
}

const moduleCard = (page: Page, name: string) => page.locator(`#module-${name}`);

/** The fact beside a term of a card. */
const fact = (card: Locator, term: string) =>
  card
    .locator('dl > div')
    .filter({ has: card.page().locator('dt', { hasText: term }) })
    .locator('dd')
    .first();

/** Its upper edge is on the screen. */
async function isInView(what: Locator): Promise<boolean> {
  const box = await what.boundingBox();
  return box !== null && box.y >= 0 && box.y < what.page().viewportSize()!.height;
}

const says = (what: Locator, words: RegExp) =>
  eventually(`${words}`, async () => words.test((await what.textContent({ timeout: 10_000 })) ?? ''), 20_000);

test('modules, canaries, functions and developer mode', {
  skip: skipWithout('chromium'),
  timeout: 180_000,
}, async (t) => {
  using folder = temporaryFolder();
  await using show = await new ModulesOnShow(folder.path).start();
  const { gateway } = show;

  await t.test('each module has its state in words, its error, and who signed it', async (t) => {
    const page = await openPage(t, gateway.web);
    await says(page.locator('#modules-count'), /[45] of 9 modules running/);
    await says(moduleCard(page, LONG_NAME), /Running.*window-aggregate 1\.0\.0.*Signed byTidegate/s);
    await says(moduleCard(page, LONG_NAME), /Reads[1-9]\d* series of \*\*/);
    await says(moduleCard(page, 'unfed'), /Running.*Readsno series yet of nowhere\/\*/s);
    await says(moduleCard(page, 'trapping'), /In quarantine.*Signed by nobody.*unreachable/s);
    await says(moduleCard(page, 'ghost'), /Refused.*no such module.*restart the gateway/s);
    await says(moduleCard(page, 'altered'), /Refused.*hash/s);
    await says(moduleCard(page, 'asleep'), /Disabled/);
    await says(moduleCard(page, 'hungry'), /Out of fuel.*tidegate module configure hungry/s);
    assert.match((await fact(moduleCard(page, 'hungry'), 'Left out for fuel').textContent()) ?? '', /^[\d,]+ points$/);
    assert.match((await fact(moduleCard(page, LONG_NAME), 'A call takes').textContent()) ?? '', /p50 .*ms, p99 .*ms/);
  });

  await t.test('who signed a module is shown as text, whatever it says', async (t) => {
    const page = await openPage(t, gateway.web);
    assert.equal(await fact(moduleCard(page, 'upgrading'), 'Signed by').textContent(), `${PUBLISHER} (partner)`);
    assert.equal(await page.locator('#modules b').count(), 0);
  });

  await t.test('a canary stands beside its module, with what was compared', async (t) => {
    const page = await openPage(t, gateway.web);
    const card = moduleCard(page, 'upgrading');
    await says(card, /window-aggregate 2\.0\.0.*Canary 2\.1\.0-rc\.1.*Same output/s);
    assert.match((await fact(card, 'Rows compared').textContent()) ?? '', /^[1-9][\d,]*$/);
    assert.equal(await fact(card, 'Rows that differ').textContent(), '0');
    assert.match((await fact(card, 'Fuel').textContent()) ?? '', /^[\d.]+ times/);
    assert.equal(await page.locator('.beside:visible').count(), 1, 'no other module has one');
  });

  await t.test('the rest opens by keyboard, and stays open while its numbers move', async (t) => {
    const page = await openPage(t, gateway.web);
    const card = moduleCard(page, 'talking');
    await card.locator('summary').focus();
    await page.keyboard.press('Enter');
    await says(fact(card, 'Gauge level'), /^42\.5$/);
    await says(fact(card, 'Dropped'), /[\d,]+ log lines/);
    const calls = await fact(card, 'Calls').textContent();
    await eventually('calls to go on', async () => (await fact(card, 'Calls').textContent()) !== calls, 20_000);
    assert.ok(await fact(card, 'Gauge level').isVisible());
    assert.equal(
      await page.evaluate('document.activeElement.closest(".entry")?.id'),
      'module-talking',
      'and keeps the focus',
    );
  });

  await t.test('findings lead to the module, and say what to do with a command that works', async (t) => {
    const page = await openPage(t, gateway.web);
    const link = page.locator('#remarks').getByRole('link', { name: 'Module trapping: in quarantine' });
    await link.click();
    assert.equal(new URL(page.url()).hash, '#module-trapping');
    await eventually('the card to be in view', () => isInView(moduleCard(page, 'trapping')));
    const [first] = await page.locator('#todo .command').allTextContents();
    assert.equal(first, 'tidegate module resume trapping');
    const { code, stderr } = await gateway.cli([...first.split(' ').slice(1), '--config', gateway.configFile]);
    assert.equal(code, 0, stderr);
    await says(page.locator('#todo'), /2 modules refusedghost, altered/);
    await says(page.locator('#todo'), /Module hungry: out of fuel/);
  });

  await t.test('functions say what calls them, what waits, what failed and how long it took', async (t) => {
    const page = await openPage(t, gateway.web, DESKTOP);
    await page.getByRole('link', { name: 'Functions' }).click();
    const orders = page.locator('#function-orders');
    await says(orders, /Ready.*2 dead letters.*scripted 1\.0\.0.*tidegate function dead list --function orders/s);
    assert.equal(await fact(orders, 'Called by').textContent(), 'mqtt orders/#');
    assert.equal(await fact(orders, 'Calls').textContent(), '3, 2 failed');
    assert.match((await fact(orders, 'Cold starts').textContent()) ?? '', /^[12], p50 [\d,.]+ ms$/);
    assert.match((await orders.textContent()) ?? '', /Last error: .*(-22|unreachable)/);
    await says(page.locator('#function-idle'), /Disabled/);
    await says(page.locator('#function-nothing'), /Refused.*no such module/s);
  });

  for (const size of [PHONE, DESKTOP]) {
    await t.test(
      `developer mode is said in view wherever one looks, ${size.width} px wide, and nothing is cut off`,
      async (t) => {
        const page = await openPage(t, gateway.web, size);
        const banner = page.locator('.banners .developer');
        await page.evaluate('scrollTo(0, document.body.scrollHeight)');
        await eventually('the banner to be in view', () => isInView(banner));
        await says(banner, /Modules that nobody has signed may run on this gateway/);
        for (const summary of await page.locator('.entry summary').all()) await summary.click();
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        assert.ok(overflow <= 0, `no horizontal scrolling: ${overflow} px too wide`);
        await page.getByRole('link', { name: 'flow', exact: true }).click();
        assert.ok(await page.locator('dialog .developer').isVisible(), 'the chart says so too');
      },
    );
  }
});

test('a gateway without functions or developer mode says nothing of either', {
  skip: skipWithout('chromium'),
}, async (t) => {
  await using gateway = await new GatewayProcess().start();
  const page = await openPage(t, gateway.web);
  await says(page.locator('#headline'), /./);
  for (const hidden of ['#functions', '#functions-link', '.banners .developer', '#todo']) {
    assert.ok(await page.locator(hidden).isHidden(), hidden);
  }
  assert.ok(!(await page.innerText('body')).includes('Developer mode'));
});
