/** Steps that several sagas of modules share. */
import { GatewayError } from '../../../base/errors.ts';
import { type Millis, millis } from '../../../base/units.ts';
import type { SagaStep, StepContext, StepOutcome } from '../../model/saga.ts';
import type { ModuleUse } from '../use.ts';
import { type CanaryTerms, faultOfCanary, faultOfHealth } from './canary-terms.ts';
import type { LifePorts, PackageFacts } from './ports.ts';

export const RETRY = { attempts: 6, first: millis(200), max: millis(5000) };
const QUICK = millis(60_000);
/** How often a canary, and a new version, are looked at. */
const LOOK_MS = 100;

/** Parameters of a saga that speaks of one use. */
export interface OfUse {
  readonly name: string;
}

type Context<P> = StepContext<P>;

export const DONE: StepOutcome = { kind: 'done' };

export function step<P>(
  name: string,
  action: SagaStep<P>['action'],
  compensate?: SagaStep<P>['compensate'],
  deadline: Millis | null = QUICK,
): SagaStep<P> {
  return { name, action, ...(compensate && { compensate }), deadline, retry: RETRY };
}

/** From the pivot on a saga only goes forward, so its steps have no deadline. */
export function endlessStep<P>(name: string, action: SagaStep<P>['action']): SagaStep<P> {
  return step(name, action, undefined, null);
}

/** What the first step has found out. */
export function plannedOf<T>({ results }: Context<unknown>): T {
  return results.plan as T;
}

export function requireUse({ runner }: LifePorts, name: string): ModuleUse {
  const use = runner.useOf(name);
  if (use !== undefined) return use;
  throw new GatewayError('not_found', `module ${name}: nothing runs under this name`, {
    hint: 'See `tidegate module list`.',
  });
}

/** @param trust class of whoever signed what runs; null: nothing does. @throws GatewayError `denied` when the package is of another. */
export function requireTrust(name: string, trust: string | null, facts: PackageFacts): void {
  if (trust === null || trust === facts.trust) return;
  throw new GatewayError('denied', `module ${name}: a package of class ${trust} expected, ${facts.trust} found`, {
    hint: 'A module cannot move to other trust by an upgrade: remove it, and install it anew.',
  });
}

export function keepStep<P extends { readonly digest: string }>({ packages }: LifePorts): SagaStep<P> {
  return step<P>(
    'keep',
    async (context) => {
      await packages.keep(context.parameters.digest, plannedOf<{ facts: PackageFacts }>(context).facts);
      return DONE;
    },
    async (context) => {
      const { facts } = plannedOf<{ facts: PackageFacts }>(context);
      if (!facts.wasInstalled) await packages.unkeep(facts);
    },
  );
}

/** What an exchange of versions goes from and to. */
export interface Exchange {
  readonly from: ModuleUse;
  readonly to: ModuleUse;
}

/** The new version starts beside the live one. */
export function canaryStep<P extends OfUse>({ runner }: LifePorts): SagaStep<P> {
  return step<P>(
    'canary',
    async (context) => {
      const { to } = plannedOf<Exchange>(context);
      if (isLive(runner, to) || !runner.canRunBeside(to) || (await runsBeside(runner, to))) return DONE;
      return { kind: 'done', result: { notCarried: await runner.startCanary(to) } };
    },
    async (context) => {
      const { to } = plannedOf<Exchange>(context);
      if (!isLive(runner, to)) await runner.dropCanary(to.name);
    },
  );
}

/** Both versions run on the same batches until the terms are met. A worker that was replaced has lost the canary: it is started again. */
export function compareStep<P extends OfUse>(
  { runner, sleep }: LifePorts,
  termsOf: (parameters: P) => CanaryTerms,
): SagaStep<P> {
  return step<P>(
    'compare',
    async (context) => {
      const { to } = plannedOf<Exchange>(context);
      const terms = termsOf(context.parameters);
      for (let waited = 0; ; waited += LOOK_MS) {
        if (isLive(runner, to) || !runner.canRunBeside(to)) return DONE;
        const report = await runner.canaryReport(to.name);
        if (report === null) return { kind: 'again', from: 'canary', reason: 'the canary is gone with its worker' };
        const fault = faultOfCanary(report, terms);
        if (fault !== null)
          throw new GatewayError('denied', `module ${to.name}: ${to.version} does not go live: ${fault}`);
        if (waited >= terms.compareMs) return { kind: 'done', result: report };
        await sleep(LOOK_MS, context.signal);
      }
    },
    undefined,
    null,
  );
}

/** The new version goes live between two batches; the old one goes on beside it, so that going back loses nothing. */
export function switchStep<P extends OfUse>({ runner }: LifePorts): SagaStep<P> {
  return step<P>(
    'switch',
    async (context) => {
      const { to } = plannedOf<Exchange>(context);
      if (isLive(runner, to)) return DONE;
      if (!runner.canRunBeside(to)) return { kind: 'done', result: { notCarried: await runner.put(to) } };
      if (!(await runsBeside(runner, to))) {
        return { kind: 'again', from: 'canary', reason: 'the canary is gone with its worker' };
      }
      await runner.swapCanary(to.name);
      return DONE;
    },
    async (context) => {
      const { from, to } = plannedOf<Exchange>(context);
      if (!isLive(runner, to)) return;
      if (await runsBeside(runner, from)) await runner.swapCanary(to.name);
      else await runner.put(from);
    },
  );
}

/**
 * The use as it is to be is live and has to stay well.
 * @param from the step at which to begin again when it is not live any more, as after a start of the gateway.
 */
export function watchStep<P extends OfUse>(
  { runner, sleep }: LifePorts,
  watchMsOf: (parameters: P) => number,
  from: 'canary' | 'apply',
): SagaStep<P> {
  return step<P>(
    'watch',
    async (context) => {
      const { to } = plannedOf<Exchange>(context);
      const mark = await runner.status(to.name);
      for (let waited = 0; ; waited += LOOK_MS) {
        if (!isAsSaid(runner, to)) return { kind: 'again', from, reason: 'the change is not live any more' };
        const fault = to.enabled && mark !== undefined ? faultOfHealth(await runner.status(to.name), mark) : null;
        if (fault !== null) throw new GatewayError('denied', `module ${to.name}: ${to.version} goes back: ${fault}`);
        if (waited >= watchMsOf(context.parameters)) return DONE;
        await sleep(LOOK_MS, context.signal);
      }
    },
    undefined,
    null,
  );
}

/** The use as it is to be from now on; the pivot of every saga here. */
export function recordStep<P extends OfUse>(
  { uses }: LifePorts,
  useOf: (context: Context<P>) => ModuleUse,
  raisesFloor: boolean,
): SagaStep<P> {
  return endlessStep<P>('record', async (context) => {
    const use = useOf(context);
    await uses.put(use);
    if (raisesFloor && use.version !== null) await uses.raiseFloor(use.module, use.version);
    return DONE;
  });
}

/** What was recorded runs, also when the gateway was started in between; what is not needed any more goes. */
export function settleStep<P extends OfUse>(ports: LifePorts, useOf: (context: Context<P>) => ModuleUse): SagaStep<P> {
  const { runner, packages } = ports;
  return endlessStep<P>('settle', async (context) => {
    const use = useOf(context);
    await runner.dropCanary(use.name);
    if (!isAsSaid(runner, use)) await runner.put(use);
    const { digest } = context.parameters as { digest?: string };
    if (digest !== undefined) await packages.discard(digest);
    await packages.prune(use.module);
    return DONE;
  });
}

/** Asks the worker: the one that started the canary may have been replaced. */
async function runsBeside(runner: LifePorts['runner'], { name, version }: ModuleUse): Promise<boolean> {
  return runner.canaryVersion(name) === version && (await runner.canaryReport(name)) !== null;
}

/** Inputs and all. */
function isAsSaid(runner: LifePorts['runner'], use: ModuleUse): boolean {
  return JSON.stringify(runner.useOf(use.name)) === JSON.stringify(use);
}

function isLive(runner: LifePorts['runner'], use: ModuleUse): boolean {
  return runner.useOf(use.name)?.version === use.version;
}
