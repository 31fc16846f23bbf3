import { lowerThreadPriority } from '../../adapters/threads/low-priority.ts';
import type { ModuleClass } from '../../core/model/module-class.ts';
import { notify } from '../worker-notice.ts';

/** What others wrote computes with what the gateway itself leaves of the processor. Called by the worker that runs it. */
export function giveWayUnlessVendor(moduleClass: ModuleClass): void {
  if (moduleClass === 'vendor') return;
  const refusal = lowerThreadPriority();
  if (refusal === null) return;
  notify({ notice: 'log', level: 'warn', text: `${moduleClass} modules: their thread keeps its priority: ${refusal}` });
}
