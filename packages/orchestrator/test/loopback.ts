import {
  type Arrival,
  type Carrier,
  type ImageFile,
  Inbox,
  type NamedDescriptor,
  type Successor,
} from "@luo/orchestrator";
import { HeapBacking } from "@luo/store";

/** The steps that were done, in order, and what is to happen along with them. */
export class Calls {
  made: string[] = [];
  readonly #along = new Map<string, () => void>();

  note(call: string): void {
    this.made.push(call);
    this.#along.get(call)?.();
  }

  /** Has something happen whenever the call is made. */
  along(call: string, happens: () => void): void {
    this.#along.set(call, happens);
  }

  fail(...calls: string[]): void {
    for (const call of calls) {
      this.along(call, () => {
        throw new Error(`${call} failed`);
      });
    }
  }

  /** Nothing was done, and nothing happens. */
  reset(): void {
    this.made = [];
    this.#along.clear();
  }
}

/** A successor: its end, well or not, closes the link, as that of a process does. */
export type Program<T = unknown> = (arrival: Arrival) => Promise<T>;

const IMAGE_FD = 1000;

class Image extends HeapBacking implements ImageFile {
  readonly fd = IMAGE_FD;
  readonly #calls: Calls;

  constructor(calls: Calls) {
    super();
    this.#calls = calls;
  }

  seal(): void {
    this.#calls.note("seal");
  }

  close(): void {
    this.#calls.note("close image");
  }
}

/** Carries within this process: the image is an ArrayBuffer, a descriptor just a number. */
export class Loopback<T> implements Carrier {
  /** How the successor ended. */
  ended: Promise<T> | undefined;
  /** The image of the last update. */
  image: Image | undefined;
  readonly #calls: Calls;
  readonly #program: Program<T>;

  constructor(calls: Calls, program: Program<T>) {
    this.#calls = calls;
    this.#program = program;
  }

  createImage(): ImageFile {
    this.#calls.note("create image");
    this.image = new Image(this.#calls);
    return this.image;
  }

  async launch(descriptors: readonly NamedDescriptor[]): Promise<Successor> {
    this.#calls.note("launch");
    const { image } = this;
    if (image === undefined) throw new Error("there is no image");
    const toSuccessor = new Inbox();
    const toPredecessor = new Inbox();
    const ended = this.#program({
      descriptors: new Map(descriptors.map(({ name, fd }) => [name, fd])),
      inbox: toSuccessor,
      openImage: (fd) => {
        if (fd !== IMAGE_FD) throw new Error(`descriptor ${fd} is no image`);
        // The successor's own way to the same bytes.
        return {
          fd,
          segments: image.segments,
          seal: () => {},
          close: () => {},
        };
      },
      send: (message) => toPredecessor.push(structuredClone(message)),
      release: () => toPredecessor.close("closed the link"),
    });
    const close = () => toPredecessor.close("ended");
    ended.then(close, close);
    this.ended = ended;
    return {
      inbox: toPredecessor,
      send: (message) => toSuccessor.push(structuredClone(message)),
      kill: async () => {
        toSuccessor.close("is gone");
        this.#calls.note("kill");
      },
      release: () => this.#calls.note("release"),
    };
  }
}
