import type { Backing } from "@luo/store";
import type { Link } from "./link.js";

/** A file descriptor and the name by which the successor finds it. */
export interface NamedDescriptor {
  readonly name: string;
  readonly fd: number;
}

/** The file of an image while it is carried. */
export interface ImageFile extends Backing {
  readonly fd: number;
  /** Refuses every later write, so the successor reads exactly the sealed image. */
  seal(): void;
  close(): void;
}

/** The program that is to take over, as the predecessor sees it. */
export interface Successor extends Link {
  /** Ends the program, and resolves once it is gone. */
  kill(): Promise<void>;
}

/** Takes file descriptors from the old program to the new one. */
export interface Carrier {
  /** Makes an empty file for the image. */
  createImage(): ImageFile;
  /** Starts the successor, which can use the descriptors from its start. */
  launch(descriptors: readonly NamedDescriptor[]): Promise<Successor>;
}

/**
 * The descriptors and the link that a carrier gives to a program that was started as a successor.
 */
export interface Arrival extends Link {
  /** Descriptors by name. Code that removes one from the map owns it and closes it. */
  readonly descriptors: Map<string, number>;
  /** Opens the image, once the predecessor has sealed it. */
  openImage(fd: number): ImageFile;
}

/** The descriptor name of the image. It begins with a dot, as no token does. */
export const IMAGE_NAME = ".image";
