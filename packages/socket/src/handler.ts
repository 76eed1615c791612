import { closeDescriptor } from "@luo/linux";
import { defineHandler, type Handler } from "@luo/orchestrator";
import { ListenerMismatchError } from "./errors.js";
import { Listener } from "./listener.js";
import { ListenerRecord, ListenerV0 } from "./structs.js";

/** The handler of listening sockets, which survive a live update: no connection is ever refused. */
export const listener: Handler<Listener, ListenerV0> = defineHandler({
  family: ListenerRecord,
  input: true,
  canPreserve: (resource): resource is Listener => resource instanceof Listener,
  preserve: (resource) => {
    resource.announcePause();
    return resource.fd;
  },
  settle: (resource) => resource.settled(),
  unpreserve: (resource) => resource.cancelPause(),
  freeze: async (resource) => {
    await resource.pause();
    const { address, port } = resource;
    return Object.assign(new ListenerV0(), { address, port });
  },
  unfreeze: (resource) => resource.resume(),
  retrieve: (record, fd) => {
    const resource = adopt(fd);
    const [found, expected] = [show(resource), show(record)];
    if (found === expected) return resource;
    resource.close();
    throw new ListenerMismatchError(found, expected);
  },
});

function adopt(fd: number): Listener {
  try {
    return Listener.adopt(fd);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

function show({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
