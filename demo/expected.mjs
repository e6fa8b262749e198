// What must come out of the replay, entry by entry. @returns every difference, as a sentence.

export function differences(scenario, exported) {
  const found = [];
  const same = (what, actual, expected) => {
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      found.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
    }
  };
  const notes = exported.timeline.filter((entry) => entry.kind === 'note');
  const shown = ({ at, text, precision, until, struck }) => ({ at, text, precision, until, struck });
  same(
    'entries',
    notes.map(shown),
    scenario.timeline.map(({ at, text }) =>
      shown({ at, text, precision: 'minute', until: null, struck: false }),
    ),
  );
  same(
    'posts',
    exported.status_posts,
    scenario.posts.map(({ at, state, text }) => ({ at, state, text })),
  );
  same(
    'statuses',
    exported.timeline
      .filter((entry) => entry.kind === 'status')
      .map(({ at, text }) => ({ at, status: text })),
    scenario.statuses,
  );
  const { incident } = exported;
  same('title', incident.title, scenario.title);
  same('severity', incident.severity, scenario.severity);
  same('status', incident.status, 'resolved');
  same('components', incident.components, [scenario.component]);
  const milestones = Object.fromEntries(
    Object.entries(scenario.milestones).map(([name, entry]) => [name, scenario.timeline[entry].at]),
  );
  same('milestones', incident.milestones, { opened: scenario.opened, ...milestones });
  const { failed, ...metrics } = scenario.expected;
  same('metrics', incident.metrics, metrics);
  same('contradictions', incident.contradictions, []);
  same(
    'impact',
    exported.impact.map((impact) => [impact.failed, impact.from, impact.to]),
    [[failed, scenario.impact.from, scenario.impact.to]],
  );
  same(
    'causes',
    exported.causes.map((cause) => cause.text),
    [scenario.cause],
  );
  same(
    'actions',
    exported.actions.map((action) => action.text),
    [scenario.action],
  );
  const order = exported.timeline.map((entry) => [entry.at, entry.n]);
  same(
    'order',
    order,
    [...order].sort(([a, n], [b, m]) => a.localeCompare(b) || n - m),
  );
  return found;
}
