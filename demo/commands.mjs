// What people would have typed, in order: {who, where: 'anywhere' | 'channel', text, entry?}.

/** @param {string} iso UTC. @returns the same moment as a command takes it: a date, a time, a zone */
const typed = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** What the public is shown beside the words of a post. */
const shownWith = ({ title, component }) =>
  `${title ? ` --title "${title}"` : ''}${component ? ` --state ${component}` : ''}`;

/** @param scenario as in tts-auth-2024-11-10.json */
export function commandsOf(scenario) {
  const { title, severity, component, opened, timeline, statuses, milestones, posts, impact, cause, action } =
    scenario;
  const notes = timeline.map((entry) => ({
    at: entry.at,
    who: entry.who,
    text: `note ${typed(entry.at)} ${entry.text}`,
  }));
  const changes = statuses.map((change) => ({
    at: change.at,
    who: 'ana',
    text: `status ${change.status} ${typed(change.at)}`,
  }));
  const published = posts.map((post) => ({
    at: post.at,
    who: 'bo',
    text: `publish ${post.state} ${typed(post.at)} ${post.text}${shownWith(post)} --yes`,
  }));
  // Typed as they happened; what stands first in a list is typed first within one minute.
  const story = [...notes, ...changes, ...published]
    .map((line, i) => ({ ...line, i }))
    .sort((a, b) => a.at.localeCompare(b.at) || a.i - b.i);
  const marks = Object.entries(milestones).map(([milestone, entry]) => ({
    who: 'ana',
    text: `mark ${milestone} ${typed(timeline[entry].at)}`,
  }));
  return [
    {
      who: 'ana',
      where: 'anywhere',
      text: `open ${severity} ${title} --component "${component}" --at "${typed(opened)}"`,
    },
    { who: 'ana', text: 'invite @bo @chen', joined: ['bo', 'chen'] },
    { who: 'ana', text: 'lead @ana', retime: typed(opened) },
    ...story,
    ...marks,
    {
      who: 'ana',
      text: `impact ${impact.text} --failed ${impact.failed} --from "${typed(impact.from)}" --to "${typed(impact.to)}" --component "${component}"`,
    },
    { who: 'ana', text: `cause ${cause}`, retime: typed(timeline[milestones.detected + 2].at) },
    { who: 'ana', text: `action ${action} @chen`, retime: typed(posts.at(-1).at) },
  ].map((line) => ({ where: 'channel', ...line }));
}
