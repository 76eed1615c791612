import { type ChildProcess, spawn } from "node:child_process";
import { Memfd, setCloseOnExec } from "@luo/linux";
import {
  type Arrival,
  type Carrier,
  type ImageFile,
  Inbox,
  type Message,
  type NamedDescriptor,
  ProtocolError,
  type Successor,
} from "@luo/orchestrator";
import * as v from "valibot";

/**
 * The environment variable of the spawn carrier, which starts the successor as a child that
 * inherits the descriptors. Descriptors 0 to 2 are shared, 3 is the link (the IPC channel of Node),
 * and the carried ones follow from 4 in the order of the names in this variable, a JSON array. The
 * child goes on when the predecessor ends.
 */
const NAMES = "LUO_DESCRIPTORS";
const FIRST_DESCRIPTOR = 4;

const namesShape = v.pipe(v.string(), v.parseJson(), v.array(v.string()));

/** The command line and the environment of the successor. */
export interface SpawnOptions {
  /**
   * The successor's main module, a JavaScript file for the same Node. By default it is the path by
   * which this process was started; a deployment puts the next release there, or points a link to
   * it.
   */
  readonly program?: string;
  /** Arguments of the program; by default those of this process. */
  readonly args?: readonly string[];
  /** Options of Node itself; by default those of this process. */
  readonly execArgv?: readonly string[];
  /** The environment; by default that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Makes a carrier that starts the successor as a child process. */
export function spawnCarrier(options: SpawnOptions = {}): Carrier {
  return { createImage, launch: (descriptors) => launch(options, descriptors) };
}

async function launch(
  {
    program = process.argv[1] ?? "",
    args = process.argv.slice(2),
    execArgv = process.execArgv,
    env = process.env,
  }: SpawnOptions,
  descriptors: readonly NamedDescriptor[],
): Promise<Successor> {
  const child = spawn(process.execPath, [...execArgv, program, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc", ...descriptors.map(({ fd }) => fd)],
    env: { ...env, [NAMES]: JSON.stringify(descriptors.map(({ name }) => name)) },
  });
  const inbox = new Inbox();
  child.on("message", (message) => inbox.push(message));
  child.on("error", (error) => inbox.close(`could not be started (${error.message})`));
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      inbox.close(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
      resolve();
    });
    child.once("error", () => child.pid === undefined && resolve());
  });
  return {
    inbox,
    send: (message) => post(child, message),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    release: () => {
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

function post(channel: ChildProcess | NodeJS.Process, message: Message): void {
  // The inbox reports a closed channel, so a failure to send needs no error.
  if (channel.connected) channel.send?.(message, undefined, undefined, () => {});
}

/**
 * Gives the descriptors and the link that the predecessor carried over; undefined when this process
 * was not started by the spawn carrier. Call it once.
 *
 * @throws {ProtocolError} when the environment is not as the spawn carrier leaves it
 */
export function spawnArrival(): Arrival | undefined {
  const text = process.env[NAMES];
  if (text === undefined) return undefined;
  // A child of this process must not take itself for the successor.
  delete process.env[NAMES];
  const { success, output: names } = v.safeParse(namesShape, text, { abortEarly: true });
  if (!success) throw new ProtocolError(`${NAMES}=${text}`, "a JSON array of names");
  if (process.send === undefined) {
    throw new ProtocolError(`${NAMES} without a channel`, "to be started by the spawn carrier");
  }
  const descriptors = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const fd = FIRST_DESCRIPTOR + index;
    setCloseOnExec(fd, true);
    descriptors.set(name, fd);
  }
  const inbox = new Inbox();
  process.on("message", (message) => inbox.push(message));
  process.once("disconnect", () => inbox.close("closed the link"));
  return {
    descriptors,
    inbox,
    openImage: (fd) => imageFile(Memfd.adopt(fd)),
    send: (message) => post(process, message),
    release: () => {
      if (process.connected) process.disconnect();
    },
  };
}

function createImage(): ImageFile {
  return imageFile(Memfd.create("luo-image", { allowSealing: true }));
}

function imageFile(memfd: Memfd): ImageFile {
  return {
    fd: memfd.fd,
    // No fault changes this memory, so the checksums of contents are not computed.
    checksums: false,
    get segments() {
      return memfd.segments;
    },
    grow: (byteLength) => memfd.grow(byteLength),
    seal: () => {
      memfd.unmap();
      memfd.seal("shrink", "grow", "write", "seal");
    },
    close: () => memfd.close(),
  };
}
