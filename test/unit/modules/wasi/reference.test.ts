import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OPEN_MAX } from '../../../../gateway/src/adapters/wasm/wasi/descriptors.ts';
import { FOLDER_LIMITS } from '../../../../gateway/src/adapters/wasm/wasi/folder-nodes.ts';
import {
  WASI_CALLS,
  WASI_FOLDER_GRANTS,
  WASI_GRANTS,
  WASI_TYPES,
} from '../../../../gateway/src/adapters/wasm/wasi/grants.ts';
import { guardModule } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { buildModule, I32, leb } from '../../../support/wasm-builder.ts';
import { LIMITS } from '../guard/guarded.ts';

const name = (text: string) => [...leb(text.length), ...Buffer.from(text)];

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/reference/wasi.md'), 'utf8');

test('docs/reference/wasi.md lists every call as the table in the code does', () => {
  const rows = [...PAGE.matchAll(/^\| `(\w+)` \| (\w*) \| (.+) \|$/gm)].map((row) => row.slice(1));
  const calls = Object.entries(WASI_CALLS).map(([name, { needs, does }]) => [
    name,
    needs === 'folder' ? needs : '',
    does,
  ]);
  assert.deepEqual(rows, calls);
});

test('docs/reference/wasi.md states the bounds that hold', () => {
  const { entries, depth, nameBytes, pathBytes } = FOLDER_LIMITS;
  for (const bound of [entries, depth, nameBytes, pathBytes, OPEN_MAX])
    assert.match(PAGE, new RegExp(`\\| ${bound} \\|`));
});

test('what is granted is named as the guard names imports, and the folder only adds', () => {
  assert.ok(WASI_GRANTS.has('wasi_snapshot_preview1.fd_write'));
  assert.ok(!WASI_GRANTS.has('wasi_snapshot_preview1.path_open'));
  assert.deepEqual(
    [...WASI_GRANTS].filter((name) => !WASI_FOLDER_GRANTS.has(name)),
    [],
  );
  for (const name of ['proc_raise', 'thread-spawn', 'fd_fdstat_set_rights', 'sock_open'])
    assert.ok(!WASI_FOLDER_GRANTS.has(`wasi_snapshot_preview1.${name}`), name);
});

test('an import under a type that is not its own is refused: what stands behind it takes numbers as they come', () => {
  const wrong = buildModule({
    extra: {
      1: [1, 0x60, 2, 0x7e, I32, 1, I32],
      2: [1, ...name('wasi_snapshot_preview1'), ...name('random_get'), 0, 0],
    },
  });
  const guard = () =>
    guardModule(wrong, { ...LIMITS, imports: WASI_GRANTS, importTypes: WASI_TYPES }, WebAssembly.validate);
  assert.throws(guard, /wasi_snapshot_preview1\.random_get.*\(i32, i32\) -> \(i32\)/);
});
