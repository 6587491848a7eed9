/** What the session tells the audio Worker, which takes no messages: words of a shared Int32Array. */

/** Not 0 when the Worker shall end. */
export const STOP = 0;
/** Not 0 while somebody hears 5.1. */
export const SURROUND = 1;
/** Not 0 while nobody listens. */
export const PAUSED = 2;
/** How many there are. */
export const WORDS = 3;
