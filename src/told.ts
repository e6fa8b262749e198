/**
 * An error whose message is all that the person who meets it needs: whole sentences, with what to do, and no stack. It is
 * thrown where the cause is known, and printed as it is wherever it arrives.
 */
export class Told extends Error {
  override name = 'Told';
  /** What a verb of the command line ends with. */
  readonly exitCode: number = 1;
}
