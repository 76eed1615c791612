import type { Backing } from "@luo/store";
import type { Link } from "./link.js";

/** A file descriptor and the name by which the successor finds it. */
export interface NamedDescriptor {
  readonly name: string;
  readonly fd: number;
}

/** Where an image lies while it is carried. */
export interface ImageFile extends Backing {
  readonly fd: number;
  /** Refuses every later write: the successor reads what was sealed. */
  seal(): void;
  close(): void;
}

/** The program that is to take over. */
export interface Successor extends Link {
  /** Ends it, and resolves once it is gone. */
  kill(): Promise<void>;
}

/** What takes file descriptors from the old program to the new one. */
export interface Carrier {
  /** An empty file for the image. */
  createImage(): ImageFile;
  /** Starts the successor, which can use the descriptors from the beginning. */
  launch(descriptors: readonly NamedDescriptor[]): Promise<Successor>;
}

/** What a carrier has for a program that was started as a successor. */
export interface Arrival extends Link {
  /** By name; whoever takes one out owns it. */
  readonly descriptors: Map<string, number>;
  /** The image, once it is said to be sealed. */
  openImage(fd: number): ImageFile;
}

/** The descriptor name of the image; no token begins with a dot. */
export const IMAGE_NAME = ".image";
