const COLORS = { Highest: '#d73a49', High: '#e36209', Medium: '#dbab09' };
const names = { 'jira:issue_created': 'created', 'jira:issue_updated': 'updated', 'jira:issue_deleted': 'deleted' };

class Script {
  process_incoming_request({ request }) {
    const { webhookEvent, issue, user, changelog } = request.content;
    const verb = names[webhookEvent];
    if (!verb) {
      return { error: `unknown event: ${webhookEvent}` };
    }
    const f = issue.fields;
    const base = issue.self.replace(/\/rest\/.*$/, '');
    const fields = [
      { title: 'Status', value: f.status.name, short: true },
      { title: 'Priority', value: f.priority ? f.priority.name : 'none', short: true },
    ];
    for (const item of (changelog && changelog.items) || []) {
      fields.push({ title: item.field, value: `${item.fromString || '-'} > ${item.toString || '-'}`, short: false });
    }
    return {
      content: {
        text: `${user.displayName} ${verb} ${issue.key}`,
        channel: `#${request.url.query.room || 'general'}`,
        attachments: [{
          color: COLORS[f.priority && f.priority.name] || '#6a737d',
          title: `${issue.key}: ${f.summary}`,
          title_link: `${base}/browse/${issue.key}`,
          fields,
        }],
      },
    };
  }
}
