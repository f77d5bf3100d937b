// A text someone wrote that cannot be read; the message is for them and goes into a refusal as it is.

/** Thrown by the parsers of this folder. Whoever took the text from a client turns it into a refusal. */
export class ParseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ParseError';
  }
}
