/** Something that was asked for and cannot be done; the message is a sentence for the owner. */
export class Refusal extends Error {
  override name = "Refusal";
}
