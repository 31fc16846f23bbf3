/**
 * One worker thread a class: what a module of one class does to its worker, it does to its own kind only. The first three are the trust in
 * who signed it; modules of the WASI profile have a worker of their own, whoever signed them.
 */
export const MODULE_CLASSES = ['vendor', 'partner', 'developer', 'wasi'] as const;
export type ModuleClass = (typeof MODULE_CLASSES)[number];
