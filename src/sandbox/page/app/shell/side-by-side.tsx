const MOST = 4;

/**
 * Several people beside each other, each in a page of their own.
 * @param people names; at most four, because a browser keeps only so many streams open
 */
export function SideBySide({ people, channel }: { people: readonly string[]; channel: string | null }) {
  const shown = people.slice(0, MOST);
  return (
    <main class="columns" aria-label="Several people side by side">
      <h1 class="unseen">Several people side by side</h1>
      {shown.map((name) => (
        <section key={name} class="column" aria-label={name}>
          <iframe
            title={`Sandbox as ${name}`}
            src={`${channel ? `/archives/${encodeURIComponent(channel)}` : '/'}?${new URLSearchParams({ as: name, column: '' })}`}
          />
        </section>
      ))}
    </main>
  );
}
