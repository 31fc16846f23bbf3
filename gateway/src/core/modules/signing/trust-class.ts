/** Who made a module, and with whom it may share. */

/** What a publisher is to the operator of the gateway: who sells it, who works with them, who is trying something out. */
export const ROLES = ['vendor', 'partner', 'developer'] as const;
export type Role = (typeof ROLES)[number];

/** Modules of one class share a worker thread; modules of different classes never do. */
export type TrustClass = 'vendor' | 'partner' | 'developer';

/** Today each role is a class of its own; whoever places modules asks here and not the role. */
export function trustClassOf(role: Role): TrustClass {
  return role;
}
