export { DrainError, ListenerMismatchError, NotListeningError } from "./errors.js";
export { listener } from "./handler.js";
export { Listener, type ListenOptions } from "./listener.js";
export { ListenerRecord, ListenerV0 } from "./structs.js";
