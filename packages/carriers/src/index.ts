export { type SpawnOptions, spawnArrival, spawnCarrier } from "./spawn.js";
