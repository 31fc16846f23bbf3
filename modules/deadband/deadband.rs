//! Passes a reading only when it has moved by more than a band since the last one passed, when its grade has changed, or when the last one
//! is as far away as the longest silence by the readings' own time, before or after: a device's clock that was once ahead silences nothing.
#![no_std]

use tidegate::{Config, Errno, Fingerprint, Output, PageReader, PageWriter, Row, SeriesTable, State, Stream};

const SERIES_MAX: usize = 10_000;
const CELLS: usize = 32_768;
const INPUTS_MAX: usize = 128;
const RECORD_OCTETS: usize = 24;

#[derive(Clone, Copy)]
struct Rule {
    band: f64,
    max_silence_ms: f64,
}

/// The last reading of a series that passed.
#[derive(Clone, Copy)]
struct Passed {
    ts: f64,
    value: f64,
    grade: u8,
}

struct Deadband {
    rules: [Rule; INPUTS_MAX],
    inputs: usize,
    series: SeriesTable<Passed, SERIES_MAX, CELLS>,
}

impl Stream for Deadband {
    const NEW: Self = Deadband {
        rules: [Rule { band: 0.0, max_silence_ms: 0.0 }; INPUTS_MAX],
        inputs: 0,
        series: SeriesTable::new(Passed { ts: 0.0, value: 0.0, grade: 0 }),
    };
    const FIELDS: usize = 2;

    fn configure(&mut self, config: &Config) -> Result<(), Errno> {
        for (input, rule) in self.rules.iter_mut().enumerate().take(config.inputs()) {
            let band = config.number(input, 0).unwrap_or(0.0);
            let max_silence_ms = config.number(input, 1).unwrap_or(60_000.0);
            if !(band >= 0.0 && band.is_finite() && max_silence_ms > 0.0) {
                return Err(Errno::Invalid);
            }
            *rule = Rule { band, max_silence_ms };
        }
        self.inputs = config.inputs();
        self.series.clear();
        Ok(())
    }

    fn on_row(&mut self, row: &Row, output: &mut Output) -> Result<(), Errno> {
        if !row.is_reading() {
            return Ok(());
        }
        let rule = self.rules[row.channel as usize];
        let now = Passed { ts: row.ts, value: row.value, grade: row.quality & 3 };
        if let Some(passed) = self.series.find(row.id) {
            if !is_news(passed, &now, &rule) {
                return Ok(());
            }
            *passed = now;
        } else if !self.series.add(row.id, now) {
            return Err(Errno::NoMemory);
        }
        output.point(row.ts, row.value, row.id, row.quality, 0);
        Ok(())
    }
}

fn is_news(passed: &Passed, now: &Passed, rule: &Rule) -> bool {
    let moved = now.value - passed.value;
    let is_outside = moved > rule.band || moved < -rule.band;
    let age_ms = now.ts - passed.ts;
    let is_silence = age_ms >= rule.max_silence_ms || age_ms <= -rule.max_silence_ms;
    is_outside || is_silence || now.grade != passed.grade
}

impl State for Deadband {
    /// "dead"
    const TAG: u32 = 0x6461_6564;
    const VERSION: u32 = 1;

    /// A reading passed is one under any band: nothing but the form depends on the configuration.
    fn fingerprint(&self) -> u64 {
        Fingerprint::NEW.finish()
    }

    fn records(&self) -> usize {
        self.series.len()
    }

    fn write(&self, index: usize, page: &mut PageWriter) -> bool {
        if !page.has_room(RECORD_OCTETS) {
            return false;
        }
        let (id, passed) = self.series.at(index);
        page.words(id, u32::from(passed.grade));
        page.number(passed.ts);
        page.number(passed.value);
        true
    }

    fn read(&mut self, page: &mut PageReader) -> Option<()> {
        let (id, grade) = page.words()?;
        let row = Row { ts: page.number()?, value: page.number()?, id, quality: grade as u8, channel: 0 };
        let is_new = grade < 2 && row.is_reading() && self.series.find(id).is_none();
        let passed = Passed { ts: row.ts, value: row.value, grade: row.quality };
        (is_new && self.series.add(id, passed)).then_some(())
    }

    fn clear(&mut self) {
        self.series.clear();
    }
}

tidegate::export!(Deadband, state);
