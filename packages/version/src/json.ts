export {
  type JsonFailure,
  type JsonShape,
  jsonCount,
  jsonObject,
  jsonPath,
  jsonRecord,
  jsonRule,
  readJson,
  repeated,
} from "./json-shape.js";
export { manifestShape } from "./manifest-shape.js";
