/** The settings of Gamelan: one file, each key overridable by environment and flag. */
export { type Config, type ConfigInput, type ConfigKey, configKeys } from "./schema.ts";
export {
  ConfigError,
  type ConfigProblem,
  type ConfigSources,
  defaultConfigFile,
  defaultDataDir,
  loadConfig,
} from "./load.ts";
export { defaultConfigToml } from "./example.ts";
