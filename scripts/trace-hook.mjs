// Loaded before the bot (`node --import`): counts which of its functions run, and tells the parent when asked.
import { Session } from 'node:inspector/promises';

const ours = new URL('../dist/', import.meta.url).href;
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

process.on('message', async () => {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const entered = result
    .filter(({ url }) => url.startsWith(ours))
    .flatMap(({ url, functions }) =>
      functions
        // The first is the file itself, which runs when it is loaded.
        .filter(
          ({ ranges: [range], functionName }) => range.count > 0 && (range.startOffset > 0 || functionName),
        )
        .map(({ ranges: [range], functionName }) => [
          url.slice(ours.length),
          functionName,
          range.startOffset,
        ]),
    );
  process.send(entered);
});
process.channel?.unref();
