/// What a call returns in place of octets; the values are Linux errno, negated.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Errno {
    /// Not now: over a rate, or in the middle of a batch.
    Again = -11,
    /// No room for another series; rows of known series were handled.
    NoMemory = -12,
    /// The batch, configuration, event or page is malformed; nothing was taken from it.
    Invalid = -22,
    /// Unknown version.
    NotSupported = -95,
}

/// A result as the ABI has it.
pub(crate) fn code(result: Result<(), Errno>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(errno) => errno as i32,
    }
}
