// A group of alerts becomes one message with an attachment for each alert. Grafana's own payload has
// the same form. What is sent in the meantime without any change is kept back for an hour.

const COLORS = { critical: '#f5455c', warning: '#e36209', info: '#2f6feb' };
const RESOLVED = '#2de0a5';
const SHOWN = 10;
const QUIET_MS = 3600000;

const labels = (alert) => Object.entries(alert.labels)
  .filter(([name]) => name !== 'alertname' && name !== 'severity')
  .map(([name, value]) => `${name}=${value}`)
  .join(', ');

function attachment(alert) {
  const { summary, description } = alert.annotations || {};
  const over = alert.status === 'resolved';
  return {
    color: over ? RESOLVED : COLORS[alert.labels.severity] || COLORS.critical,
    title: `${over ? 'Resolved: ' : ''}${summary || alert.labels.alertname}`,
    ...(alert.generatorURL ? { title_link: alert.generatorURL } : {}),
    text: [description, labels(alert)].filter(Boolean).join('\n'),
  };
}

// Alertmanager repeats a group from time to time, also when nothing has changed.
function isRepeated(content) {
  const state = content.alerts.map((a) => `${a.fingerprint} ${a.status}`).sort().join('\n');
  const last = Store.get(content.groupKey);
  const now = Date.now();
  if (last && last.state === state && now - last.at < QUIET_MS) {
    return true;
  }
  Store.set(content.groupKey, { state, at: now });
  return false;
}

class Script {
  process_incoming_request({ request }) {
    const { content } = request;
    if (!Array.isArray(content.alerts) || isRepeated(content)) {
      return;
    }
    const firing = content.alerts.filter((a) => a.status === 'firing').length;
    const name = content.groupLabels.alertname || content.receiver;
    const shown = content.alerts.slice(0, SHOWN);
    const more = content.alerts.length - shown.length;
    return {
      content: {
        emoji: firing > 0 ? ':rotating_light:' : ':white_check_mark:',
        text: `*${name}*: ${firing > 0 ? `${firing} firing` : 'resolved'}${more > 0 ? ` (${more} more)` : ''}`,
        attachments: shown.map(attachment),
      },
    };
  }
}
