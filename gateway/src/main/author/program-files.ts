/** Folders of the program that an author's project is made from: templates and SDKs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import { assets } from '../assets.ts';

/** @param path relative to the program's root, such as `modules/sdk-c`. @throws GatewayError `unavailable` where the program does not carry it. */
export function programFolder(path: string): string {
  const folder = join(assets.root, path);
  if (existsSync(folder)) return folder;
  throw new GatewayError('unavailable', `${path}: not part of this program`, {
    hint: 'Make and build modules in a checkout of Tidegate; the device only needs the built and signed package.',
  });
}
