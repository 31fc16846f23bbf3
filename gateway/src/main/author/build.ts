/** From source to what can be signed: `build/<id>.wasm`, and `build/manifest.json` with its hash. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { compileModule } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { type ModuleManifest, parseManifest } from '../../core/modules/manifest.ts';
import { type BinarySummary, summarizeBinary } from '../../core/modules/signing/binary-summary.ts';
import { admitForHost } from '../modules/load-module.ts';
import { compile } from './compilers.ts';
import { unsupportedProfile } from './program.ts';
import { type AuthorProject, builtManifest, builtWasm, type Language, languageOf } from './project.ts';

export interface BuildResult {
  readonly manifest: ModuleManifest;
  readonly language: Language;
  readonly wasm: string;
  readonly original: BinarySummary;
  /** What the gateway makes of it: with fuel, and without what it does not need. */
  readonly guarded: BinarySummary;
  /** What the compiler wrote although it succeeded. */
  readonly warnings: string;
}

/**
 * Compiles, guards, and only then replaces what an earlier build left: a module that the guard refuses is never found in `build`.
 * @throws GatewayError: as `compile`; `denied` with the guard's reason, or naming an export that is missing.
 */
export function buildProject(project: AuthorProject): BuildResult {
  if (project.manifest.profile !== 'core') throw unsupportedProfile(project.manifest);
  const language = languageOf(project);
  const build = join(project.folder, 'build');
  fs.mkdirSync(build, { recursive: true });
  const scratch = fs.mkdtempSync(join(build, '.draft-'));
  try {
    const draft = join(scratch, 'module.wasm');
    const warnings = compile(project, language, draft, scratch);
    const wasm = fs.readFileSync(draft);
    const sha256 = createHash('sha256').update(wasm).digest('hex');
    const { id } = project.manifest;
    const text = `${JSON.stringify({ ...project.written, wasm: `${id}.wasm`, sha256 }, null, 2)}\n`;
    const manifest = parseManifest(text);
    const admitted = guarded(wasm, manifest);
    // Refuses what lacks an export that its kind or its promises ask for.
    compileModule(admitted, manifest);
    fs.renameSync(draft, builtWasm(project));
    fs.writeFileSync(join(scratch, 'manifest.json'), text);
    fs.renameSync(join(scratch, 'manifest.json'), builtManifest(project));
    // A signature of what stood here before says nothing of this build.
    fs.rmSync(join(build, 'signature.json'), { force: true });
    return {
      manifest,
      language,
      wasm: builtWasm(project),
      original: summarizeBinary(wasm),
      guarded: summarizeBinary(admitted),
      warnings,
    };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function guarded(wasm: Uint8Array, manifest: ModuleManifest): Uint8Array {
  try {
    return admitForHost(wasm, manifest, null);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.hint !== undefined) throw error;
    throw new GatewayError(error.code, `guard: ${error.message}`, {
      hint: 'What a module may import stands in the manifest’s `capabilities`, what it may take in `limits`. docs/guide/module-authors.md lists the common refusals.',
    });
  }
}
