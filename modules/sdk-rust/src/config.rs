use crate::buffers::{f64_at, u32_at, BUFFER_OCTETS};
use crate::Errno;

/// Inputs (`[[module.input]]`) one instance takes.
pub(crate) const INPUTS_MAX: usize = 128;
const HEADER: usize = 16;

/// The configuration: a row of numbers for each configured input, in the order of the manifest.
pub struct Config<'a> {
    octets: &'a [u8],
    inputs: usize,
    fields: usize,
}

impl<'a> Config<'a> {
    pub(crate) fn open(buffer: &'a [u8], len: i32, fields: usize) -> Result<Self, Errno> {
        if len < HEADER as i32 || len as usize > BUFFER_OCTETS {
            return Err(Errno::Invalid);
        }
        let octets = &buffer[..len as usize];
        if u32_at(octets, 0) != 1 {
            return Err(Errno::NotSupported);
        }
        let inputs = u32_at(octets, 4) as usize;
        let is_shape = inputs >= 1 && inputs <= INPUTS_MAX && u32_at(octets, 8) as usize == fields;
        if !is_shape || u32_at(octets, 12) != 0 || octets.len() != HEADER + 8 * inputs * fields {
            return Err(Errno::Invalid);
        }
        Ok(Config { octets, inputs, fields })
    }

    /// Number of inputs, 1 to 128.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number at `field` of `input`, or `None` where it is not set.
    pub fn number(&self, input: usize, field: usize) -> Option<f64> {
        let value = f64_at(self.octets, HEADER + 8 * (input * self.fields + field));
        if value.is_nan() {
            None
        } else {
            Some(value)
        }
    }
}
