//! @ID@: the mean of the last readings of each series, and an alarm while that mean is above a limit.
//!
//! The gateway configures the module once, then hands it readings as they arrive. There is no heap: what is kept of a series stands in a
//! table of fixed size.
#![no_std]

use tidegate::{AlarmState, Config, Errno, Fingerprint, Output, PageReader, PageWriter, Row, SeriesTable, State, Stream};

/// As the manifest says.
const WINDOW_MAX: usize = 32;
const INPUTS_MAX: usize = 128;
const SERIES_MAX: usize = 1_000;
/// Of the table: a power of two, at least twice as many.
const CELLS: usize = 2_048;

/// Fields of the configuration and outputs, in the order of the manifest's `config` and `outputs`.
const WINDOW: usize = 0;
const HIGH: usize = 1;
const MEAN_OUTPUT: u8 = 0;
const HIGH_OUTPUT: u8 = 1;

#[derive(Clone, Copy)]
struct Rule {
    window: usize,
    /// NaN where it is not set: no comparison meets it, and so there is no alarm.
    high: f64,
}

/// What is kept of one series.
#[derive(Clone, Copy)]
struct Series {
    /// Readings kept so far, at most the window.
    count: usize,
    /// Where the next one goes.
    next: usize,
    is_high: bool,
    readings: [f64; WINDOW_MAX],
}

impl Series {
    const NEW: Series = Series { count: 0, next: 0, is_high: false, readings: [0.0; WINDOW_MAX] };

    /// Takes a reading in; returns the mean.
    fn add(&mut self, value: f64, window: usize) -> f64 {
        self.readings[self.next] = value;
        self.next = if self.next + 1 < window { self.next + 1 } else { 0 };
        self.count = if self.count < window { self.count + 1 } else { self.count };
        let mut sum = 0.0;
        for reading in &self.readings[..self.count] {
            sum += reading;
        }
        sum / self.count as f64
    }
}

struct Module {
    rules: [Rule; INPUTS_MAX],
    inputs: usize,
    series: SeriesTable<Series, SERIES_MAX, CELLS>,
}

impl Stream for Module {
    const NEW: Self = Module {
        rules: [Rule { window: 0, high: 0.0 }; INPUTS_MAX],
        inputs: 0,
        series: SeriesTable::new(Series::NEW),
    };
    const FIELDS: usize = 2;
    const ROWS_PER_ROW: usize = 2;

    /// A row of numbers for each input. An error refuses the configuration.
    fn configure(&mut self, config: &Config) -> Result<(), Errno> {
        for (input, rule) in self.rules.iter_mut().enumerate().take(config.inputs()) {
            let window = config.number(input, WINDOW).unwrap_or(8.0);
            if !(window >= 1.0 && window <= WINDOW_MAX as f64) {
                return Err(Errno::Invalid);
            }
            *rule = Rule { window: window as usize, high: config.number(input, HIGH).unwrap_or(f64::NAN) };
        }
        self.inputs = config.inputs();
        self.series.clear();
        Ok(())
    }

    fn on_row(&mut self, row: &Row, output: &mut Output) -> Result<(), Errno> {
        if !row.is_reading() {
            return Ok(());
        }
        if self.series.find(row.id).is_none() && !self.series.add(row.id, Series::NEW) {
            return Err(Errno::NoMemory);
        }
        let rule = self.rules[row.channel as usize];
        let series = self.series.find(row.id).ok_or(Errno::NoMemory)?;
        let mean = series.add(row.value, rule.window);
        output.point(row.ts, mean, row.id, row.quality, MEAN_OUTPUT);
        let is_high = mean > rule.high;
        if is_high != series.is_high {
            series.is_high = is_high;
            let state = if is_high { AlarmState::Raised } else { AlarmState::Cleared };
            output.alarm(row.ts, mean, row.id, row.quality, HIGH_OUTPUT, state);
        }
        Ok(())
    }
}

/// So that a restart or an upgrade forgets nothing. Nothing in a page is believed before it is checked.
impl State for Module {
    /// "mean": tells this module's pages from another's.
    const TAG: u32 = 0x6e61_656d;
    /// Raise it when the form below changes, and say in the manifest's `state.accepts` what can still be read.
    const VERSION: u32 = 1;

    /// What the state depends on: another window would make nonsense of the readings kept.
    fn fingerprint(&self) -> u64 {
        let rules = &self.rules[..self.inputs];
        rules.iter().fold(Fingerprint::NEW, |hash, rule| hash.number(rule.window as f64)).finish()
    }

    fn records(&self) -> usize {
        self.series.len()
    }

    fn write(&self, index: usize, page: &mut PageWriter) -> bool {
        let (id, series) = self.series.at(index);
        if !page.has_room(16 + 8 * series.count) {
            return false;
        }
        page.words(id, series.count as u32);
        page.words(series.next as u32, u32::from(series.is_high));
        for reading in &series.readings[..series.count] {
            page.number(*reading);
        }
        true
    }

    fn read(&mut self, page: &mut PageReader) -> Option<()> {
        let (id, count) = page.words()?;
        let (next, is_high) = page.words()?;
        let (count, next) = (count as usize, next as usize);
        if count < 1 || count > WINDOW_MAX || next > count || next >= WINDOW_MAX || is_high > 1 {
            return None;
        }
        let mut series = Series { count, next, is_high: is_high == 1, ..Series::NEW };
        for reading in &mut series.readings[..count] {
            *reading = page.number()?;
        }
        let is_new = self.series.find(id).is_none();
        (is_new && self.series.add(id, series)).then_some(())
    }

    fn clear(&mut self) {
        self.series.clear();
    }
}

tidegate::export!(Module, state);
