/**
 * The batch of `gw1`: a header of 24 octets, then one column after another. With n rows a column starts at
 * `BATCH_HEADER + n * (octets of one row in the columns before it)`.
 */
export const BATCH_VERSION: u32 = 1;
/** Bit 0 of an output's flags: more rows wait, call `gw_on_batch(0)`. */
export const FLAG_MORE: u32 = 1;

export const BATCH_HEADER: usize = 24;
/** Octets of one row over all columns. A multiple of 8, so a whole batch is one too. */
export const ROW_OCTETS: usize = 24;

export const AT_VERSION: usize = 0;
export const AT_FLAGS: usize = 4;
export const AT_COUNT: usize = 8;
export const AT_RESERVED: usize = 12;
export const AT_SEQUENCE: usize = 16;

/** Octets of one row in the columns before this one. */
export const BEFORE_TS: usize = 0;
export const BEFORE_VALUE: usize = 8;
export const BEFORE_ID: usize = 16;
export const BEFORE_QUALITY: usize = 20;
export const BEFORE_CHANNEL: usize = 21;
export const BEFORE_STATE: usize = 22;
export const BEFORE_RESERVED: usize = 23;
