export { MemfdMismatchError, memfd } from "./handler.js";
export { Extent, FOLIO_DATA, FOLIO_SIZE, Folio, MemfdRecord, MemfdV0, MemfdV1 } from "./structs.js";
