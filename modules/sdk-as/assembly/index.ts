/** All of the SDK under one name; the exports of `gw1` itself come from `exports.ts`. What a module does not use is not in its binary. */
export * from './arena';
export * from './call';
export * from './capabilities';
export * from './config';
export * from './errors';
export * from './events';
export * from './fingerprint';
export * from './gateway-clock';
export * from './input';
export * from './output';
export * from './reply';
export * from './series-state';
export * from './series-table';
export * from './state-page';
export * from './text';
