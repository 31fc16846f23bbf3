//! Modules of the ABI `gw1` for the Tidegate gateway. No allocator, no dependencies.
//!
//! A stream module implements [`Stream`], and [`State`] when it keeps something that should outlive its instance; a function
//! implements [`Function`]. [`export!`] and [`export_function!`] write the exports. One thread calls, one call at a time, so the module
//! stands in static memory; it starts as its `NEW`, which should be all zero, for then it takes no room in the binary.
#![no_std]
#![deny(missing_docs)]

mod batch;
mod buffers;
mod call;
mod config;
mod errno;
mod event;
mod output;
mod panic;
mod series;
mod state;

pub mod capabilities;
#[doc(hidden)]
pub mod exports;

pub use batch::Row;
pub use config::Config;
pub use errno::Errno;
pub use event::{Attribute, Attributes, Event, Reply};
pub use output::{AlarmState, Output};
pub use series::SeriesTable;
pub use state::{Fingerprint, PageReader, PageWriter};

/// A module that turns batches of points into batches of points.
pub trait Stream {
    /// The module before it is configured.
    const NEW: Self;
    /// Numbers a row of the configuration, as in the manifest.
    const FIELDS: usize;
    /// Rows of output that one row of input sets off at most.
    const ROWS_PER_ROW: usize = 1;

    /// `gw_init`: reads and checks the configuration, and forgets everything.
    fn configure(&mut self, config: &Config) -> Result<(), Errno>;

    /// One row of a batch. The output has room for [`Self::ROWS_PER_ROW`] rows. An error is reported once the batch is done.
    fn on_row(&mut self, row: &Row, output: &mut Output) -> Result<(), Errno>;

    /// `gw_on_tick`, with `export!(…, tick)`: the gateway's wall clock, Unix epoch milliseconds. Called with `from` 0; where the output
    /// is full, return the place to go on from, above `from`.
    fn on_tick(&mut self, _now_ms: f64, _from: usize, _output: &mut Output) -> Option<usize> {
        None
    }
}

/// State that a successor takes over, with `export!(…, state)`: records, each small enough for a page, in an order that `read` relies on.
pub trait State: Stream {
    /// A constant of the module's own.
    const TAG: u32;
    /// As in the manifest's `state.version`.
    const VERSION: u32;

    /// What of the configuration the records depend on.
    fn fingerprint(&self) -> u64;
    /// How many records there are.
    fn records(&self) -> usize;
    /// Writes record `index`, or returns false, having written nothing, when the page has no room.
    fn write(&self, index: usize, page: &mut PageWriter) -> bool;
    /// Takes one record. `None` for what this module could not have written: it is then cleared.
    fn read(&mut self, page: &mut PageReader) -> Option<()>;
    /// Forgets everything but the configuration.
    fn clear(&mut self);
}

/// A module that answers events.
pub trait Function {
    /// The function before it is configured.
    const NEW: Self;
    /// Numbers of its configuration.
    const FIELDS: usize;

    /// `gw_init`.
    fn configure(&mut self, config: &Config) -> Result<(), Errno>;
    /// `gw_on_event`. A reply nothing was written to is no reply. After an error the event is tried again later.
    fn on_event(&mut self, event: &Event, reply: &mut Reply) -> Result<(), Errno>;
}

#[cfg(all(target_arch = "wasm32", not(test)))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    use core::fmt::Write;
    // Never fails: what does not fit is cut.
    let _ = write!(panic::Writer, "{info}");
    core::arch::wasm32::unreachable()
}
