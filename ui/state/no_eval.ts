/**
 * Zod compiles its checks with `new Function`, which the page's policy forbids: told before the
 * first schema is made, so this has to be the first import of the app.
 */
import { z } from "zod";

z.config({ jitless: true });
