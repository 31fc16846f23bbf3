/**
 * Last words: why a module gave up (`throw`, `abort`), as text that the host reads where it stands once the instance has trapped.
 * `asc --use abort=<this file>/aborted` has the compiler call `aborted`.
 */

const PANIC_OCTETS: usize = 512;
/** How many octets of text there are (u32), and the text. */
const PANIC: usize = memory.data(512, 8);

let end: usize = 4;

export function gw_panic_ptr(): i32 {
  return <i32>PANIC;
}

export function gw_panic_cap(): i32 {
  return <i32>PANIC_OCTETS;
}

function aborted(message: string | null, file: string | null, line: u32, column: u32): void {
  if (message !== null) addPiece(message);
  if (file !== null) {
    addPiece(', ');
    addPiece(file);
    addPiece(':');
    addDigits(line);
  }
  store<u32>(PANIC, <u32>(end - 4));
  unreachable();
}

/** What does not fit is cut; a unit of UTF-16 takes at most three octets. */
function addPiece(piece: string): void {
  const units = min(piece.length, <i32>((PANIC_OCTETS - end) / 3));
  end += String.UTF8.encodeUnsafe(changetype<usize>(piece), units, PANIC + end);
}

function addDigits(number: u32): void {
  if (number > 9) addDigits(number / 10);
  if (end == PANIC_OCTETS) return;
  store<u8>(PANIC + end, <u8>(48 + (number % 10)));
  end++;
}
