//! The last words of a module: text that the host reads where it stands once an instance has trapped. No code of the module runs for it then.
use core::fmt::{Result, Write};

const TEXT_OCTETS: usize = 508;

/// As the ABI has it: how many octets of text there are, and the text.
#[repr(C, align(8))]
struct LastWords {
    octets: u32,
    text: [u8; TEXT_OCTETS],
}

static mut LAST_WORDS: LastWords = LastWords { octets: 0, text: [0; TEXT_OCTETS] };

pub fn ptr() -> i32 {
    // SAFETY: only the address is taken.
    unsafe { core::ptr::addr_of!(LAST_WORDS) as i32 }
}

pub fn cap() -> i32 {
    core::mem::size_of::<LastWords>() as i32
}

/// Keeps what fits.
pub(crate) struct Writer;

impl Write for Writer {
    fn write_str(&mut self, piece: &str) -> Result {
        // SAFETY: one thread, and nothing else touches it while a panic is written.
        let words = unsafe { &mut *core::ptr::addr_of_mut!(LAST_WORDS) };
        let room = &mut words.text[words.octets as usize..];
        let octets = piece.len().min(room.len());
        room[..octets].copy_from_slice(&piece.as_bytes()[..octets]);
        words.octets += octets as u32;
        Ok(())
    }
}
