/** The machine's own files, as the kernel shows them under /proc and /sys. */
export interface SystemFiles {
  /** The text, or undefined when the file is not there or cannot be read: many are missing in a virtual machine. */
  read(path: string): string | undefined;
  /** Names in a folder; none when it is not there. */
  list(path: string): string[];
  /** Share of the disk that holds the data, 0..100 as `df` counts it; undefined when it cannot be asked. */
  diskUsedPercent(): number | undefined;
}

/** Where messages go: in the programme a set of MQTT connections, each standing for some devices. */
export interface Outlet {
  /** False while any of its connections is down: what is published then would wait without bound. */
  readonly isConnected: boolean;
  /** At least once, in order per device. `done` is called once, when the other end has acknowledged or the message is lost. */
  publish(message: Message, done: (error?: Error) => void): void;
}

export interface Message {
  readonly topic: string;
  readonly payload: string;
  /** Readings in the payload. */
  readonly points: number;
  /** Chooses the connection, so that one device's messages keep their order: 0 is the machine itself, others count from 1. */
  readonly device: number;
}
