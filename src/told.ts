/**
 * Something could not be done, and its message is all there is to say to the person who meets it: whole sentences, with
 * what to do. Nobody is helped by a stack. Thrown by whoever knows what is wrong; printed as it is wherever it arrives.
 */
export class Told extends Error {
  override name = 'Told';
  /** What a verb of the command line ends with. */
  readonly exitCode: number = 1;
}
