/**
 * The one place that knows where files of the program lie: workers, migrations, pages, modules, native addons. In a checkout they stand in
 * their folders. In a packaged executable they are parts of it: `npm run package` puts `assets/packaged.ts` in the place of
 * `assets/checkout.ts` and changes nothing else.
 */
import { checkout } from './assets/checkout.ts';
import type { Assets } from './assets/face.ts';

export type { ModuleFiles, WorkerName } from './assets/face.ts';

export const assets: Assets = checkout;
