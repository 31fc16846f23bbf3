/** Results below zero, on both sides of the ABI. */
export const ERRNO = { EAGAIN: -11, ENOMEM: -12, EINVAL: -22, ENOTSUP: -95 } as const;

/** `−22 EINVAL`; a number that stands for nothing is shown as it is. */
export function errnoName(result: number): string {
  const name = Object.entries(ERRNO).find(([, value]) => value === result)?.[0];
  return name === undefined ? String(result) : `${result} ${name}`;
}
