export { testCardMain as run } from "../display/testcard/main.ts";
