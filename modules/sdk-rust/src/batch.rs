use crate::buffers::{f64_at, u32_at, BATCH_HEADER, BUFFER_OCTETS, ROWS, ROW_OCTETS};
use crate::Errno;

/// One row of a batch.
#[derive(Clone, Copy)]
pub struct Row {
    /// Unix epoch milliseconds of the reading.
    pub ts: f64,
    /// Its value, in the unit of the series.
    pub value: f64,
    /// The series: opaque, stable for the module's life.
    pub id: u32,
    /// Bits 0 and 1 are the grade: 0 good, 1 uncertain, 2 bad.
    pub quality: u8,
    /// Index of the configured input; below the number of inputs.
    pub channel: u8,
}

/// The range of a JavaScript date, in milliseconds around 1970.
const TS_MAX: f64 = 8.64e15;

impl Row {
    /// Whether it holds a reading to reckon with: not graded bad, a moment a date can name, a finite number.
    pub fn is_reading(&self) -> bool {
        self.quality & 2 == 0 && self.ts >= -TS_MAX && self.ts <= TS_MAX && self.value.is_finite()
    }
}

/// The columns of a checked batch.
pub struct Batch<'a> {
    columns: &'a [u8],
    count: usize,
}

impl<'a> Batch<'a> {
    pub fn open(buffer: &'a [u8], len: i32, inputs: usize) -> Result<Self, Errno> {
        if len < BATCH_HEADER as i32 || len as usize > BUFFER_OCTETS {
            return Err(Errno::Invalid);
        }
        if u32_at(buffer, 0) != 1 {
            return Err(Errno::NotSupported);
        }
        let count = u32_at(buffer, 8) as usize;
        if u32_at(buffer, 12) != 0 || count > ROWS || len as usize != BATCH_HEADER + ROW_OCTETS * count {
            return Err(Errno::Invalid);
        }
        let batch = Self::columns(buffer, count);
        let channels = &batch.columns[21 * count..22 * count];
        if channels.iter().all(|&channel| (channel as usize) < inputs) {
            Ok(batch)
        } else {
            Err(Errno::Invalid)
        }
    }

    /// A batch that was opened in an earlier call and still stands there.
    pub fn columns(buffer: &'a [u8], count: usize) -> Self {
        Batch { columns: &buffer[BATCH_HEADER..BATCH_HEADER + ROW_OCTETS * count], count }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    #[inline(always)]
    pub fn row(&self, row: usize) -> Row {
        let n = self.count;
        Row {
            ts: f64_at(self.columns, 8 * row),
            value: f64_at(self.columns, 8 * n + 8 * row),
            id: u32_at(self.columns, 16 * n + 4 * row),
            quality: self.columns[20 * n + row],
            channel: self.columns[21 * n + row],
        }
    }
}
