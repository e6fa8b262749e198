// A child's side: it ends with whoever started it, however that one ended.

/**
 * Ends this process on SIGTERM and SIGINT, and, where asked, when standard input closes: the system closes it
 * even when the parent was killed without a word.
 * @param {boolean} withParent
 * @param {() => void} end called once; default: exits at once, answers owed or not
 */
export function endWith(withParent, end = () => process.exit(0)) {
  let ending = false;
  const once = () => {
    if (ending) return;
    ending = true;
    end();
  };
  process.on('SIGTERM', once);
  process.on('SIGINT', once);
  if (!withParent) return;
  // Its line of output may find nobody left to read it.
  process.stdout.on('error', once);
  process.stdin.on('end', once).on('close', once).on('error', once).resume();
}
