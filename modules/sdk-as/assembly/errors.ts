/** What a call may return in place of a number of octets. The values are Linux errno, negated. */

/** Not now: over a rate, or in the middle of a batch. */
export const EAGAIN: i32 = -11;
/** No room for another series; rows of known series were handled. */
export const ENOMEM: i32 = -12;
/** The batch or the configuration is malformed; nothing was taken from it. */
export const EINVAL: i32 = -22;
/** Unknown version of the batch or the configuration. */
export const ENOTSUP: i32 = -95;
