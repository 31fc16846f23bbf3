import { assets } from '../assets.ts';
import { bootGlobals } from '../sea/boot-globals.ts';
import { type Check, expectSame } from './check.ts';

/** Files that the page cannot do without. */
const PAGES = ['/', '/main.js', '/app.css', '/vendor/uPlot.js', '/vendor/uPlot.css'];

/** Every part of the executable has the hash it was built with. */
export const executableCheck: Check = {
  name: 'executable',
  run() {
    const count = assets.verifyAll();
    if (count === 0) return 'run from a checkout: nothing to compare';
    const cache = bootGlobals().tidegateCacheRejected;
    const said =
      cache === undefined ? 'no code cache' : cache ? 'code cache refused: starts are slower' : 'code cache in use';
    return `${count} parts intact; ${said}`;
  },
};

export const pagesCheck: Check = {
  name: 'pages',
  run() {
    for (const path of PAGES) expectSame(`page ${path} is there`, true, (assets.page(path)?.length ?? 0) > 0);
    expectSame('a page that is not', null, assets.page('/no-such-page'));
    const migrations = assets.migrations('gateway').length;
    return `${PAGES.length} files of the page, ${migrations} migrations`;
  },
};
