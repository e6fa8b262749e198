/** Nobody's: every Linux has it. */
const NOBODY = 65_534;

/** Does something as an ordinary user, whom permissions of files stop; root is one for that long. */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
