/** Waits `ms` milliseconds, or less when `signal` is aborted meanwhile. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** Waits for `work` at most `ms` milliseconds; true when it settled in time. Never rejects. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const done = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = pause(ms, done.signal).then(() => false);
  try {
    return await Promise.race([settled, late]);
  } finally {
    done.abort();
  }
}
