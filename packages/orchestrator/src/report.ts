import type { StoredObject } from "@luo/store";
import type { Manifest } from "@luo/version";
import type { Alongside } from "./alongside.js";
import type { Program } from "./program.js";

export interface UpdateOptions {
  /** The time that the successor has for each of its answers, in milliseconds; 30 000 by default. */
  readonly timeout?: number;
  /**
   * For whom older versions are written next to the newest, beyond the successor: whoever takes over
   * from it by the same image. Nobody by default.
   */
  readonly alongside?: Alongside;
}

/** The cost of an object in an image, in one version. */
export interface VersionCost {
  readonly identifier: string;
  readonly family: string;
  readonly version: number;
  /** Bytes that this version adds to those before it, with arrays that none of them has. */
  readonly bytes: number;
}

/** The outcome of an update. */
export interface UpdateReport {
  /** This program. */
  readonly from: Program | undefined;
  /** The successor; undefined when it is of a release that does not say which program it is. */
  readonly to: Program | undefined;
  /** The versions that this program can write, of the families that it keeps. */
  readonly offered: Manifest;
  /** The versions that the successor said it reads. */
  readonly successor: Manifest;
  /** By family, the highest version that both know: what the successor takes. */
  readonly chosen: Readonly<Record<string, number>>;
  /** Every record in the image, older copies included. */
  readonly objects: readonly StoredObject[];
  /** Length of the image in bytes. */
  readonly imageBytes: number;
  /**
   * From the first thing that froze to the word that the successor serves, in milliseconds;
   * undefined when it took over, but did not say so in time.
   */
  readonly pause: number | undefined;
}
