//! One call of the host, and its pages. When the output is full, the work stops where it stands and `gw_on_batch(0)` takes it up again:
//! the rest of the batch still stands in the input buffer. An error beside rows is said last, on a page of its own.
use crate::batch::Batch;
use crate::buffers::{input, output};
use crate::config::Config;
use crate::errno::{code, Errno};
use crate::output::Output;
use crate::Stream;

/// What goes on from one call to the next.
pub struct Call {
    pub inputs: usize,
    next_row: usize,
    rows: usize,
    tick_ms: f64,
    tick_from: Option<usize>,
    fault: i32,
    pub sequence: u64,
}

impl Call {
    pub const NEW: Call =
        Call { inputs: 0, next_row: 0, rows: 0, tick_ms: 0.0, tick_from: None, fault: 0, sequence: 0 };

    /// Whether the host has still to fetch rows or an error.
    pub fn is_unfinished(&self) -> bool {
        self.next_row < self.rows || self.tick_from.is_some() || self.fault != 0
    }

    pub fn clear(&mut self) {
        self.next_row = 0;
        self.rows = 0;
        self.tick_from = None;
        self.fault = 0;
    }

    pub fn init<M: Stream>(&mut self, module: &mut M, len: i32) -> i32 {
        let result = Config::open(input(), len, M::FIELDS).and_then(|config| {
            module.configure(&config)?;
            self.inputs = config.inputs();
            self.clear();
            Ok(())
        });
        code(result)
    }

    pub fn batch<M: Stream>(&mut self, module: &mut M, len: i32) -> i32 {
        if len != 0 {
            self.clear();
            match Batch::open(input(), len, self.inputs) {
                Ok(batch) => self.rows = batch.count(),
                Err(errno) => return errno as i32,
            }
        }
        self.run(module)
    }

    pub fn tick<M: Stream>(&mut self, module: &mut M, now_ms: f64) -> i32 {
        self.clear();
        self.tick_ms = now_ms;
        self.tick_from = Some(0);
        self.run(module)
    }

    fn run<M: Stream>(&mut self, module: &mut M) -> i32 {
        let mut page = Output::begin(output());
        let batch = Batch::columns(input(), self.rows);
        while self.next_row < self.rows && page.has_room(M::ROWS_PER_ROW) {
            let said = module.on_row(&batch.row(self.next_row), &mut page);
            self.fault = said.err().map_or(self.fault, |errno: Errno| errno as i32);
            self.next_row += 1;
        }
        if let Some(from) = self.tick_from {
            self.tick_from = module.on_tick(self.tick_ms, from, &mut page).filter(|next| *next > from);
        }
        if page.rows() == 0 {
            self.tick_from = None;
            return core::mem::take(&mut self.fault);
        }
        self.sequence += 1;
        page.seal(self.is_unfinished(), self.sequence - 1)
    }
}
