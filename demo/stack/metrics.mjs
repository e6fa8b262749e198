// As much of Prometheus' text format as the demo's services need.

/** A counter with labels. @returns {{add(labels: Record<string, unknown>): void, text(): string}} */
export function counter(name, help) {
  const counts = new Map();
  return {
    add(labels) {
      const series = Object.entries(labels)
        .map(([label, value]) => `${label}="${escaped(String(value))}"`)
        .join(',');
      counts.set(series, (counts.get(series) ?? 0) + 1);
    },
    text() {
      const lines = [...counts].map(([series, count]) => `${name}{${series}} ${count}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${lines.join('')}`;
    },
  };
}

const escaped = (value) => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

/** @param {string[]} parts */
export function sendMetrics(response, parts) {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(parts.join(''));
}
