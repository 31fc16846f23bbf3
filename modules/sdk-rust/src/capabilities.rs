//! What the host does for a module that asks for it in its manifest's `capabilities`. What is not called is not imported.
use crate::Errno;

mod host {
    #[link(wasm_import_module = "gw1")]
    extern "C" {
        pub fn log(level: i32, from: *const u8, octets: i32);
        pub fn now() -> f64;
        pub fn metric(from: *const u8, octets: i32, value: f64);
        pub fn emit(type_from: *const u8, type_octets: i32, data_from: *const u8, data_octets: i32) -> i32;
    }
}

/// How much a line of the log matters.
#[derive(Clone, Copy)]
#[repr(i32)]
pub enum Level {
    /// Worth knowing.
    Info = 0,
    /// Something to look after.
    Warning = 1,
    /// Something went wrong.
    Error = 2,
}

/// A line for the gateway's log (capability `log`): at most 1,024 octets, cut beyond; over the module's rate it is dropped.
pub fn log(level: Level, line: &str) {
    // SAFETY: the host reads `line` during the call.
    unsafe { host::log(level as i32, line.as_ptr(), line.len() as i32) }
}

/// The gateway's wall clock (capability `now`), Unix epoch milliseconds; in a replay, the time of the newest row or tick.
pub fn now() -> f64 {
    // SAFETY: no arguments.
    unsafe { host::now() }
}

/// Sets a gauge (capability `metric`). `name`: `[a-z][a-z0-9_]{0,63}`, at most 32 names an instance.
pub fn metric(name: &str, value: f64) {
    // SAFETY: the host reads `name` during the call.
    unsafe { host::metric(name.as_ptr(), name.len() as i32, value) }
}

/// Sends an event (capability `emit`) with at most 65,536 octets of data. `kind` is its type: 1 to 128 of `[A-Za-z0-9._-]`.
pub fn emit(kind: &str, data: &[u8]) -> Result<(), Errno> {
    // SAFETY: the host reads both during the call.
    match unsafe { host::emit(kind.as_ptr(), kind.len() as i32, data.as_ptr(), data.len() as i32) } {
        0 => Ok(()),
        -11 => Err(Errno::Again),
        _ => Err(Errno::Invalid),
    }
}
