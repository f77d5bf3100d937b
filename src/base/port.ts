// A port: something outside the program that whoever needs it declares, and the World provides.

/** Names what a World may provide; compared by identity. */
export interface Port<P> {
  readonly name: string;
  /** Only there to carry the type. */
  readonly provides?: P;
}
