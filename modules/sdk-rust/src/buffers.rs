//! The two buffers the host and the module share, and how numbers stand in them: little-endian, like the machine itself.

/// Rows of the largest batch taken, and of an output page.
pub const ROWS: usize = 8192;
pub const BATCH_HEADER: usize = 24;
pub const ROW_OCTETS: usize = 24;
/// Octets of either buffer, a multiple of 8.
pub const BUFFER_OCTETS: usize = BATCH_HEADER + ROW_OCTETS * ROWS;

#[repr(align(8))]
struct Buffer([u8; BUFFER_OCTETS]);

static mut INPUT: Buffer = Buffer([0; BUFFER_OCTETS]);
static mut OUTPUT: Buffer = Buffer([0; BUFFER_OCTETS]);

/// The input buffer for the length of one call. The host writes only between calls.
pub fn input() -> &'static mut [u8] {
    // SAFETY: one thread, and each entry point takes the buffer once; nothing keeps it beyond its call.
    unsafe { &mut INPUT.0 }
}

/// The output buffer, under the same rule.
pub fn output() -> &'static mut [u8] {
    // SAFETY: as for `input`.
    unsafe { &mut OUTPUT.0 }
}

#[inline(always)]
pub fn u16_at(octets: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([octets[at], octets[at + 1]])
}

#[inline(always)]
pub fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

#[inline(always)]
pub fn u64_at(octets: &[u8], at: usize) -> u64 {
    u32_at(octets, at) as u64 | (u32_at(octets, at + 4) as u64) << 32
}

#[inline(always)]
pub fn f64_at(octets: &[u8], at: usize) -> f64 {
    f64::from_bits(u64_at(octets, at))
}

#[inline(always)]
pub fn put(octets: &mut [u8], at: usize, bytes: &[u8]) {
    octets[at..at + bytes.len()].copy_from_slice(bytes);
}
