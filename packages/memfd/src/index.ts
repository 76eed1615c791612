export { MemfdMismatchError, memfd } from "./handler.js";
export {
  Extent,
  FOLIO_DATA,
  FOLIO_SIZE,
  Folio,
  MemfdRecord,
  MemfdV0,
  MemfdV1,
  MemfdV2,
} from "./structs.js";
