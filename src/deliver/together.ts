import { isPermanent, Later } from './failure.js';

/**
 * Does the parts of a delivery side by side, each as far as it comes.
 * @returns what Slack said no to for good, part by part: the delivery is paid without these
 * @throws when another try may finish a part; only after every part has ended
 */
export async function together(
  parts: Record<string, () => Promise<unknown>>,
): Promise<Record<string, string>> {
  const names = Object.keys(parts);
  const ended = await Promise.allSettled(Object.values(parts).map((part) => part()));
  const refused: Record<string, string> = {};
  const failures: unknown[] = [];
  ended.forEach((end, i) => {
    if (end.status === 'fulfilled') return;
    if (isPermanent(end.reason)) refused[names[i] as string] = end.reason.message;
    else failures.push(end.reason);
  });
  // A mere wait says less than a failure, so it is the last to speak; of several waits the longest.
  const worst =
    failures.find((failure) => !(failure instanceof Later)) ??
    failures
      .filter((failure) => failure instanceof Later)
      .sort((a, b) => b.until.getTime() - a.until.getTime())[0];
  if (worst) throw worst;
  return refused;
}
