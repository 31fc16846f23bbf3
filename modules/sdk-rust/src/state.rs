//! Pages of kept state, little-endian: u32 magic "tgst", tag, version, page, octets, 0; u64 fingerprint, checksum; then words of 8 octets.
//! The first page begins with the number of records and that of the next output.
use crate::buffers::{f64_at, input, output, put, u32_at, u64_at, BUFFER_OCTETS};
use crate::call::Call;
use crate::{Errno, State};

const MAGIC: u32 = 0x7473_6774;
const HEADER: usize = 40;
const AT_FINGERPRINT: usize = 24;
const AT_CHECKSUM: usize = 32;

/// A hash of numbers, for telling one configuration from another.
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The hash of nothing.
    pub const NEW: Fingerprint = Fingerprint(0xcbf2_9ce4_8422_2325);

    /// Adds a word.
    pub fn word(self, word: u64) -> Self {
        let mixed = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        Fingerprint(mixed ^ (mixed >> 32))
    }

    /// Adds a number by its bits; every NaN is the same one.
    pub fn number(self, value: f64) -> Self {
        self.word(if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() })
    }

    /// The hash.
    pub fn finish(self) -> u64 {
        self.0
    }

    fn of(octets: &[u8]) -> u64 {
        let words = (0..octets.len()).step_by(8);
        words.fold(Fingerprint::NEW, |hash, at| hash.word(u64_at(octets, at))).0
    }
}

/// A page being written.
pub struct PageWriter {
    octets: &'static mut [u8],
    at: usize,
}

impl PageWriter {
    /// Whether `octets` more fit. Ask before writing what belongs together; without room a word is dropped.
    pub fn has_room(&self, octets: usize) -> bool {
        self.at + octets <= BUFFER_OCTETS
    }

    /// Writes a number: 8 octets.
    pub fn number(&mut self, value: f64) {
        self.long(value.to_bits());
    }

    /// Writes two u32: 8 octets.
    pub fn words(&mut self, first: u32, second: u32) {
        self.long(u64::from(first) | u64::from(second) << 32);
    }

    /// Writes a u64.
    pub fn long(&mut self, value: u64) {
        if self.has_room(8) {
            put(self.octets, self.at, &value.to_le_bytes());
            self.at += 8;
        }
    }

    fn seal<M: State>(self, page: u32, fingerprint: u64) -> i32 {
        for (i, word) in header::<M>(page, self.at).into_iter().enumerate() {
            put(self.octets, 4 * i, &word.to_le_bytes());
        }
        put(self.octets, AT_FINGERPRINT, &fingerprint.to_le_bytes());
        put(self.octets, AT_CHECKSUM, &[0; 8]);
        let checksum = Fingerprint::of(&self.octets[..self.at]);
        put(self.octets, AT_CHECKSUM, &checksum.to_le_bytes());
        self.at as i32
    }
}

fn header<M: State>(page: u32, octets: usize) -> [u32; 6] {
    [MAGIC, M::TAG, M::VERSION, page, octets as u32, 0]
}

/// A page being read; each read is `None` at its end.
pub struct PageReader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> PageReader<'a> {
    /// Reads a number.
    pub fn number(&mut self) -> Option<f64> {
        self.advance().map(|at| f64_at(self.octets, at))
    }

    /// Reads two u32.
    pub fn words(&mut self) -> Option<(u32, u32)> {
        self.advance().map(|at| (u32_at(self.octets, at), u32_at(self.octets, at + 4)))
    }

    /// Reads a u64.
    pub fn long(&mut self) -> Option<u64> {
        self.advance().map(|at| u64_at(self.octets, at))
    }

    fn is_at_end(&self) -> bool {
        self.at == self.octets.len()
    }

    fn advance(&mut self) -> Option<usize> {
        let at = self.at;
        self.at = if at + 8 <= self.octets.len() { at + 8 } else { return None };
        Some(at)
    }

    /// `None` for a page that is foreign, out of turn or damaged.
    fn open<M: State>(buffer: &'a mut [u8], len: i32, page: u32, fingerprint: u64) -> Option<Self> {
        if len < HEADER as i32 || len as usize > BUFFER_OCTETS || len % 8 != 0 {
            return None;
        }
        let octets = &mut buffer[..len as usize];
        let is_ours = header::<M>(page, octets.len()).into_iter().enumerate().all(|(i, word)| u32_at(octets, 4 * i) == word);
        let checksum = u64_at(octets, AT_CHECKSUM);
        put(octets, AT_CHECKSUM, &[0; 8]);
        let is_whole = u64_at(octets, AT_FINGERPRINT) == fingerprint && Fingerprint::of(octets) == checksum;
        if is_ours && is_whole {
            Some(PageReader { octets, at: HEADER })
        } else {
            None
        }
    }
}

/// How far `gw_snapshot` or `gw_restore` has come.
pub struct Keeper {
    /// Pages and records of the snapshot so far.
    written: u32,
    kept: usize,
    /// Pages and records of the restore so far.
    page: u32,
    record: usize,
    expected: Option<usize>,
}

impl Keeper {
    pub const NEW: Keeper = Keeper { written: 0, kept: 0, page: 0, record: 0, expected: None };

    /// After `gw_init`: pages may come.
    pub fn configured(&mut self) {
        *self = Keeper { expected: Some(0), ..Keeper::NEW };
    }

    pub fn snapshot<M: State>(&mut self, module: &M, call: &Call, page: i32) -> i32 {
        if call.is_unfinished() {
            return Errno::Again as i32;
        }
        let mut writer = PageWriter { octets: output(), at: HEADER };
        if page == 0 {
            self.written = 0;
            self.kept = 0;
            writer.words(module.records() as u32, 0);
            writer.long(call.sequence);
        } else if page as u32 != self.written {
            return Errno::Invalid as i32;
        } else if self.kept == module.records() {
            return 0;
        }
        while self.kept < module.records() && module.write(self.kept, &mut writer) {
            self.kept += 1;
        }
        self.written += 1;
        writer.seal::<M>(self.written - 1, module.fingerprint())
    }

    /// After a refusal the module is empty, and takes no page until it is configured anew.
    pub fn restore<M: State>(&mut self, module: &mut M, call: &mut Call, len: i32) -> i32 {
        let is_accepted = if len == 0 { self.is_complete() } else { self.read_page(module, call, len).is_some() };
        if is_accepted {
            return 0;
        }
        module.clear();
        call.clear();
        call.sequence = 0;
        self.expected = None;
        Errno::Invalid as i32
    }

    /// All records are there, and another restore would begin anew.
    fn is_complete(&mut self) -> bool {
        let is_whole = self.page > 0 && self.expected == Some(self.record);
        self.page = 0;
        is_whole
    }

    fn read_page<M: State>(&mut self, module: &mut M, call: &mut Call, len: i32) -> Option<()> {
        let mut reader = PageReader::open::<M>(input(), len, self.page, module.fingerprint())?;
        self.expected?;
        if self.page == 0 {
            module.clear();
            call.clear();
            self.record = 0;
            self.expected = Some(reader.words()?.0 as usize);
            call.sequence = reader.long()?;
        }
        self.page += 1;
        while !reader.is_at_end() {
            if self.expected == Some(self.record) {
                return None;
            }
            module.read(&mut reader)?;
            self.record += 1;
        }
        Some(())
    }
}
