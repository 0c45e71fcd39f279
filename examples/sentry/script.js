// Alerts of Sentry become messages; other resources of its hooks post nothing.

const COLORS = { fatal: '#d73a4a', error: '#e1567c', warning: '#e36209', info: '#2f6feb', debug: '#6a737d' };
const TAGS = ['environment', 'release', 'server_name'];

function place(event) {
  const thrown = (event.exception && event.exception.values || []).slice(-1)[0];
  const frames = thrown && thrown.stacktrace ? thrown.stacktrace.frames : [];
  const frame = frames.filter((f) => f.in_app).slice(-1)[0];
  return frame ? `${frame.filename}:${frame.lineno} in ${frame.function}` : event.culprit;
}

class Script {
  process_incoming_request({ request }) {
    if (request.headers['sentry-hook-resource'] !== 'event_alert') {
      return;
    }
    const { event, triggered_rule: rule } = request.content.data;
    const fields = (event.tags || [])
      .filter(([name]) => TAGS.includes(name))
      .map(([name, value]) => ({ title: name, value, short: true }));
    return {
      content: {
        text: `${s.capitalize(event.level)}: ${rule}`,
        attachments: [{
          color: COLORS[event.level] || COLORS.error,
          title: event.title,
          title_link: event.web_url,
          text: place(event),
          fields,
        }],
      },
    };
  }
}
