/** The part of the WebAssembly API that we use: TypeScript declares it only together with the whole browser. */
declare namespace WebAssembly {
  type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'externref' | 'funcref';
  type ExportValue = ((...args: never[]) => unknown) | Memory | Global | Table;
  type Imports = Record<string, Record<string, ExportValue>>;
  type Exports = Record<string, ExportValue>;

  class Module {
    constructor(octets: ArrayBufferView | ArrayBuffer);
    static exports(module: Module): { name: string; kind: 'function' | 'table' | 'memory' | 'global' }[];
    static imports(
      module: Module,
    ): { module: string; name: string; kind: 'function' | 'table' | 'memory' | 'global' }[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    /** @returns the size before, in pages. @throws RangeError beyond the maximum. */
    grow(pages: number): number;
  }
  class Global<T = unknown> {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: T);
    value: T;
  }
  class Table {
    readonly length: number;
    grow(elements: number): number;
  }
  class RuntimeError extends Error {}
  class CompileError extends Error {}
  class LinkError extends Error {}

  function compile(octets: ArrayBufferView | ArrayBuffer): Promise<Module>;
  function validate(octets: ArrayBufferView | ArrayBuffer): boolean;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function instantiate(
    octets: ArrayBufferView | ArrayBuffer,
    imports?: Imports,
  ): Promise<{ module: Module; instance: Instance }>;
}
