/** Steps of sagas called one by one, for moments that an engine passes too fast. */
import type { StepContext } from '../../../gateway/src/core/model/saga.ts';
import type { Life } from './life-process.ts';
import type { OfUse } from './life-world.ts';

type Context = StepContext<unknown> & { readonly results: Record<string, unknown> };

/** What the engine hands to a step, for steps that are called one by one. */
export function contextOf(parameters: OfUse): Context {
  const signal = new AbortController().signal;
  return { parameters, results: {}, generation: 1, attempt: 1, idempotencyKey: 's1', signal };
}

/** Does these steps in order, and keeps what they find out in the context. */
export async function act(life: Life, saga: string, context: Context, ...names: string[]): Promise<void> {
  for (const name of names) {
    const outcome = await life
      .definition(saga)
      .steps.find((step) => step.name === name)!
      .action(context);
    if (outcome.kind === 'done' && outcome.result !== undefined) context.results[name] = outcome.result;
  }
}
