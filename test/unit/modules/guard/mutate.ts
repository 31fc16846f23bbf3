/** Damaging modules so that some of the damage gets past the first checks: octets anywhere, and sections whose lengths are set right again. */
import type { Random } from '../../../../gateway/src/base/random.ts';
import { leb } from '../../../support/wasm-builder.ts';

type Octets = Uint8Array;
type Mutation = (wasm: Octets, random: Random, other: Octets) => Octets;

/** Opcodes that steer, types of several octets, ends of numbers: where a wrong step shows. */
const TELLING = [0, 1, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0e, 0x10, 0x11, 0x12, 0x1c, 0x40, 0x41, 0x63, 0x64, 0x6f];
const TELLING_TOO = [0x70, 0x7f, 0x80, 0xd0, 0xd2, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];
const ALL_TELLING = [...TELLING, ...TELLING_TOO];

const join = (...parts: readonly (Octets | readonly number[])[]): Octets =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

const flip: Mutation = (wasm, random) => {
  const changed = wasm.slice();
  for (let flips = 1 + random.below(4); flips > 0; flips--) changed[random.below(wasm.length)]! ^= 1 << random.below(8);
  return changed;
};

const replace: Mutation = (wasm, random) => {
  const changed = wasm.slice();
  changed[random.below(wasm.length)] = ALL_TELLING[random.below(ALL_TELLING.length)]!;
  return changed;
};

const cut: Mutation = (wasm, random) => wasm.slice(0, random.below(wasm.length));

const splice: Mutation = (wasm, random, other) => {
  const at = random.below(wasm.length);
  const from = random.below(other.length);
  const taken = other.subarray(from, from + random.below(40));
  return join(wasm.subarray(0, at), taken, wasm.subarray(at + random.below(40)));
};

/** The same number in more octets, or a number of more octets than allowed. */
const widen: Mutation = (wasm, random) =>
  onSection(wasm, random, (body) => {
    const at = random.below(body.length);
    if (body[at]! >= 128) return body;
    const filler = new Array(random.below(6)).fill(0x80);
    return join(body.subarray(0, at), [body[at]! | 128], filler, [0], body.subarray(at + 1));
  });

const insert: Mutation = (wasm, random) =>
  onSection(wasm, random, (body) => {
    const at = random.below(body.length + 1);
    const octets = Array.from({ length: 1 + random.below(3) }, () => ALL_TELLING[random.below(ALL_TELLING.length)]!);
    return join(body.subarray(0, at), octets, body.subarray(at));
  });

const remove: Mutation = (wasm, random) =>
  onSection(wasm, random, (body) => {
    const at = random.below(body.length);
    return join(body.subarray(0, at), body.subarray(at + 1 + random.below(3)));
  });

const reorder: Mutation = (wasm, random) => {
  const sections = split(wasm);
  const [moved] = sections.splice(random.below(sections.length), 1);
  sections.splice(random.below(sections.length + 1), 0, moved!);
  if (random.below(3) === 0) sections.push(sections[random.below(sections.length)]!);
  return assemble(sections);
};

const MUTATIONS = [flip, replace, replace, cut, splice, widen, insert, remove, reorder];

/** One of them, now and then two, one after the other. @param other where spliced octets come from. */
export function mutate(wasm: Octets, random: Random, other: Octets): Octets {
  let changed = wasm;
  for (let steps = random.below(4) === 0 ? 2 : 1; steps > 0 && changed.length > 8; steps--)
    changed = MUTATIONS[random.below(MUTATIONS.length)]!(changed, random, other);
  return changed;
}

interface Section {
  readonly id: number;
  readonly body: Octets;
}

function onSection(wasm: Octets, random: Random, change: (body: Octets) => Octets): Octets {
  const sections = split(wasm);
  const at = random.below(sections.length);
  const section = sections[at];
  if (section === undefined || section.body.length === 0) return wasm;
  sections[at] = { id: section.id, body: change(section.body) };
  return assemble(sections);
}

/** As far as the lengths make sense; the rest is one section more. */
function split(wasm: Octets): Section[] {
  const sections: Section[] = [];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at++]!;
    let size = 0;
    for (let shift = 0; shift < 28 && at < wasm.length; shift += 7) {
      const octet = wasm[at++]!;
      size += (octet & 127) * 2 ** shift;
      if (octet < 128) break;
    }
    sections.push({ id, body: wasm.slice(at, at + size) });
    at += size;
  }
  return sections;
}

function assemble(sections: readonly Section[]): Octets {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return join(header, ...sections.flatMap(({ id, body }) => [[id, ...leb(body.length)], body]));
}
