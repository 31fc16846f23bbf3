//! @ID@: answers an event with the CRC-32 of its data, as eight hexadecimal digits of text.
#![no_std]

use tidegate::{Config, Errno, Event, Function, Reply};

/// The polynomial of ISO-HDLC, as in Ethernet, gzip and PNG; its bits in reverse.
const POLYNOMIAL: u32 = 0xedb8_8320;

struct Module;

impl Function for Module {
    const NEW: Self = Module;
    const FIELDS: usize = 0;

    /// This function takes no configuration.
    fn configure(&mut self, _config: &Config) -> Result<(), Errno> {
        Ok(())
    }

    /// One event. After an error the gateway would try the event again later.
    fn on_event(&mut self, event: &Event, reply: &mut Reply) -> Result<(), Errno> {
        let sum = crc32(event.data());
        // Callers over HTTP see these; other triggers ignore the reply.
        reply.attribute("status", "200");
        reply.attribute("datacontenttype", "text/plain");
        for shift in (0..8).rev() {
            reply.data(&[b"0123456789abcdef"[(sum >> (4 * shift)) as usize & 15]]);
        }
        Ok(())
    }
}

fn crc32(octets: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for octet in octets {
        sum ^= u32::from(*octet);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
        }
    }
    !sum
}

tidegate::export_function!(Module);
