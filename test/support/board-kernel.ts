/** The board's kernel and the few modules that it needs before it has a disk. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The root on virtio, /data on an SD card as boards have one, and the file system of both. Its checksums are asked for by name only when it mounts. */
const WANTED = ['virtio_pci', 'virtio_blk', 'sdhci-pci', 'crc32c_generic', 'ext4'];

/** @param kernel tree of the kernel's package. @returns path of the image to boot. */
export function kernelImage(kernel: string): string {
  const boot = join(kernel, 'boot');
  const name = readdirSync(boot).find((file) => file.startsWith('vmlinuz-'));
  if (name === undefined) throw new Error(`${boot}: vmlinuz-* expected, not found`);
  return join(boot, name);
}

/** Copies the modules into `folder`, with a file `order` that lists them so that each comes after what it depends on. */
export function copyKernelModules(kernel: string, folder: string): void {
  const paths = modulePaths(join(kernel, 'lib', 'modules'));
  const order: string[] = [];
  const add = (name: string) => {
    const path = paths.get(canonical(name));
    if (path === undefined) throw new Error(`kernel module ${name}: not below ${kernel}`);
    if (order.includes(path)) return;
    for (const needed of dependenciesOf(path)) add(needed);
    order.push(path);
  };
  for (const name of WANTED) add(name);
  mkdirSync(folder, { recursive: true });
  for (const path of order) copyFileSync(path, join(folder, basename(path)));
  writeFileSync(join(folder, 'order'), order.map((path) => `${basename(path)}\n`).join(''));
}

function modulePaths(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ko'));
  if (files.length === 0) throw new Error(`${folder}: kernel modules as *.ko expected, none found`);
  return new Map(files.map((name) => [canonical(basename(name, '.ko')), join(folder, name)]));
}

/** The kernel takes `-` and `_` in names of modules for the same. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

/** What the section .modinfo says: `depends=a,b`, ended by a zero octet. The modules themselves are not linked, so depmod's file is not there. */
function dependenciesOf(path: string): string[] {
  const text = readFileSync(path).toString('latin1');
  return (/\0depends=([^\0]*)\0/.exec(text)?.[1] ?? '').split(',').filter(Boolean);
}
