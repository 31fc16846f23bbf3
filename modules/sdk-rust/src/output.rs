use crate::buffers::{put, BATCH_HEADER, ROWS, ROW_OCTETS};

/// What an output row says of an alarm.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AlarmState {
    /// It begins.
    Raised = 1,
    /// It ends.
    Cleared = 2,
}

/// The rows a call says. Columns stand as far apart as a full page needs, until the page is sealed.
pub struct Output {
    octets: &'static mut [u8],
    rows: usize,
}

impl Output {
    pub(crate) fn begin(octets: &'static mut [u8]) -> Self {
        Output { octets, rows: 0 }
    }

    /// Rows said so far on this page.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether `wanted` more rows fit.
    pub fn has_room(&self, wanted: usize) -> bool {
        self.rows + wanted <= ROWS
    }

    /// Says a point. `output` is the index in the manifest's outputs. Without room it is dropped: ask `has_room` in `on_tick`.
    pub fn point(&mut self, ts: f64, value: f64, id: u32, quality: u8, output: u8) {
        self.add(ts, value, id, quality, output, 0);
    }

    /// Says that an alarm begins or ends.
    pub fn alarm(&mut self, ts: f64, value: f64, id: u32, quality: u8, output: u8, state: AlarmState) {
        self.add(ts, value, id, quality, output, state as u8);
    }

    fn add(&mut self, ts: f64, value: f64, id: u32, quality: u8, output: u8, state: u8) {
        let row = self.rows;
        if row == ROWS {
            return;
        }
        self.rows = row + 1;
        let columns = &mut self.octets[BATCH_HEADER..];
        put(columns, 8 * row, &ts.to_le_bytes());
        put(columns, 8 * ROWS + 8 * row, &value.to_le_bytes());
        put(columns, 16 * ROWS + 4 * row, &id.to_le_bytes());
        columns[20 * ROWS + row] = quality & 3;
        columns[21 * ROWS + row] = output;
        columns[22 * ROWS + row] = state;
    }

    /// Makes a batch of the rows; returns its octets.
    pub(crate) fn seal(self, more: bool, sequence: u64) -> i32 {
        let n = self.rows;
        let columns = &mut self.octets[BATCH_HEADER..];
        // Each column moves down and ends before the next one starts.
        for (before, octets) in [(8, 8), (16, 4), (20, 1), (21, 1), (22, 1)] {
            let from = before * ROWS;
            columns.copy_within(from..from + octets * n, before * n);
        }
        columns[23 * n..24 * n].fill(0);
        put(self.octets, 0, &1u32.to_le_bytes());
        put(self.octets, 4, &u32::from(more).to_le_bytes());
        put(self.octets, 8, &(n as u32).to_le_bytes());
        put(self.octets, 12, &0u32.to_le_bytes());
        put(self.octets, 16, &sequence.to_le_bytes());
        (BATCH_HEADER + ROW_OCTETS * n) as i32
    }
}
