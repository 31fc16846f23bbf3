use crate::buffers::{put, u16_at, u32_at, BUFFER_OCTETS};
use crate::Errno;

const HEADER: usize = 16;

/// An event: attributes and data.
pub struct Event<'a> {
    attributes: &'a [u8],
    data: &'a [u8],
}

/// An attribute: UTF-8 that the host wrote and this crate has not checked.
#[derive(Clone, Copy)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
}

/// The attributes of an event, in order.
pub struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        if self.0.len() < 4 {
            return None;
        }
        let (names, values) = (u16_at(self.0, 0) as usize, u16_at(self.0, 2) as usize);
        let end = 4 + names + values;
        let (own, rest) = if end <= self.0.len() { self.0.split_at(end) } else { return None };
        self.0 = rest;
        Some(Attribute { name: &own[4..4 + names], value: &own[4 + names..] })
    }
}

impl<'a> Event<'a> {
    pub(crate) fn open(buffer: &'a [u8], len: i32) -> Result<Self, Errno> {
        if len < HEADER as i32 || len as usize > BUFFER_OCTETS {
            return Err(Errno::Invalid);
        }
        if u32_at(buffer, 0) != 1 {
            return Err(Errno::NotSupported);
        }
        let (attributes, data) = (u64::from(u32_at(buffer, 8)), u64::from(u32_at(buffer, 12)));
        let data_at = (HEADER as u64 + attributes + 7) & !7;
        if data_at + data != len as u64 {
            return Err(Errno::Invalid);
        }
        let attributes = &buffer[HEADER..HEADER + attributes as usize];
        let event = Event { attributes, data: &buffer[data_at as usize..len as usize] };
        let mut rest = event.attributes();
        let count = rest.by_ref().take(u32_at(buffer, 4) as usize).count();
        if count == u32_at(buffer, 4) as usize && rest.0.is_empty() {
            Ok(event)
        } else {
            Err(Errno::Invalid)
        }
    }

    /// All attributes, in order.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes(self.attributes)
    }

    /// The value of attribute `name`.
    pub fn attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes().find(|attribute| attribute.name == name.as_bytes()).map(|attribute| attribute.value)
    }

    /// The data.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }
}

/// The reply to an event: attributes first, then data.
pub struct Reply {
    octets: &'static mut [u8],
    at: usize,
    attributes: u32,
    data_from: Option<usize>,
    is_full: bool,
}

impl Reply {
    pub(crate) fn begin(octets: &'static mut [u8]) -> Self {
        Reply { octets, at: HEADER, attributes: 0, data_from: None, is_full: false }
    }

    /// Adds an attribute; before any data. HTTP callers look at `status` and `datacontenttype`.
    pub fn attribute(&mut self, name: &str, value: &str) {
        let is_short = name.len() <= u16::MAX as usize && value.len() <= u16::MAX as usize;
        self.is_full |= !is_short || self.data_from.is_some();
        self.write(&(name.len() as u16).to_le_bytes());
        self.write(&(value.len() as u16).to_le_bytes());
        self.write(name.as_bytes());
        self.write(value.as_bytes());
        self.attributes += 1;
    }

    /// Adds to the data.
    pub fn data(&mut self, octets: &[u8]) {
        self.begin_data();
        self.write(octets);
    }

    fn begin_data(&mut self) {
        if self.data_from.is_none() {
            put(self.octets, 8, &((self.at - HEADER) as u32).to_le_bytes());
            let padding = self.at.wrapping_neg() & 7;
            self.write(&[0; 8][..padding]);
            self.data_from = Some(self.at);
        }
    }

    fn write(&mut self, octets: &[u8]) {
        self.is_full |= octets.len() > BUFFER_OCTETS - self.at;
        if !self.is_full {
            put(self.octets, self.at, octets);
            self.at += octets.len();
        }
    }

    /// Octets of the reply: 0 when nothing was written, or what did not fit as an error.
    pub(crate) fn seal(mut self) -> i32 {
        if self.attributes == 0 && self.data_from.is_none() {
            return 0;
        }
        self.begin_data();
        if self.is_full {
            return Errno::NoMemory as i32;
        }
        let data = self.at - self.data_from.unwrap_or(self.at);
        put(self.octets, 0, &1u32.to_le_bytes());
        put(self.octets, 4, &self.attributes.to_le_bytes());
        put(self.octets, 12, &(data as u32).to_le_bytes());
        self.at as i32
    }
}
