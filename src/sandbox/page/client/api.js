/** A POST to the control API; refusals come back as `{ok: false, error}`. */
export async function act(path, body) {
  const response = await fetch(`/control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** What one person sees now. */
export async function look(user) {
  return (await fetch(`/control/state?user=${encodeURIComponent(user)}&limit=300`)).json();
}

let hide;
/** A sentence at the bottom of the page for a while. */
function toast(text) {
  const node = document.getElementById('toast');
  node.textContent = text;
  node.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => {
    node.hidden = true;
  }, 5000);
}

/** Says what went wrong, in the words of Slack's clients where they are known. */
export function complain(outcome) {
  if (outcome.ok) return outcome;
  const known = {
    operation_timeout: 'The app did not answer within three seconds (operation_timeout).',
    dispatch_failed: 'The app could not be reached (dispatch_failed).',
  };
  toast(known[outcome.error] ?? `That did not work: ${outcome.error}`);
  return outcome;
}
