import type { StoredObject } from "@luo/store";
import type { Manifest } from "@luo/version";
import type { Alongside } from "./alongside.js";
import type { Program } from "./program.js";

/** The options of one update. */
export interface UpdateOptions {
  /**
   * The time that the successor has for each of its answers, in milliseconds; 30 000 by default.
   */
  readonly timeout?: number;
  /**
   * The older versions to write next to the newest, beside the one that the successor takes. By
   * default `{ last: 0 }`, none.
   */
  readonly alongside?: Alongside;
}

/** The bytes that an object takes in an image, for one version. */
export interface VersionCost {
  readonly identifier: string;
  readonly family: string;
  readonly version: number;
  /** Bytes that this version adds. An array is counted with the first version that has it. */
  readonly bytes: number;
}

/** The outcome of an update that happened. */
export interface UpdateReport {
  /** This program. */
  readonly from: Program | undefined;
  /** The successor; undefined when its release does not say which program it is. */
  readonly to: Program | undefined;
  /** The versions that this program can write, for the families that it keeps. */
  readonly offered: Manifest;
  /** The versions that the successor said it reads. */
  readonly successor: Manifest;
  /** By family, the version that the successor takes: the highest that both know. */
  readonly chosen: Readonly<Record<string, number>>;
  /** Every object and record in the image, older versions included. */
  readonly objects: readonly StoredObject[];
  /** The length of the image in bytes. */
  readonly imageBytes: number;
  /**
   * Milliseconds from the start of freezing to the successor's message that it serves; undefined
   * when it took over, but did not say so in time.
   */
  readonly pause: number | undefined;
}
