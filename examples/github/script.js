// What GitHub sends becomes a message. Events that are not in the table post nothing.

const COLORS = { opened: '#2da44e', reopened: '#2da44e', closed: '#8250df', failure: '#d73a4a' };

const link = (text, url) => `[${text}](${url})`;

// Each takes the content of the call and gives a title, where it leads, and a text.
const EVENTS = {
  issues: ({ action, issue }) => ({
    what: `${action} issue #${issue.number}`,
    title: issue.title,
    url: issue.html_url,
    text: issue.body,
    color: COLORS[action],
  }),
  pull_request: ({ action, pull_request: pull }) => ({
    what: `${pull.merged ? 'merged' : action} pull request #${pull.number}`,
    title: pull.title,
    url: pull.html_url,
    text: `${pull.head.ref} → ${pull.base.ref}`,
    color: COLORS[action],
  }),
  issue_comment: ({ action, issue, comment }) => action === 'created' && {
    what: `commented on #${issue.number}`,
    title: issue.title,
    url: comment.html_url,
    text: comment.body,
  },
  push: ({ ref, commits, compare }) => commits.length > 0 && {
    what: `pushed ${commits.length} commit(s) to \`${ref.replace(/^refs\/(heads|tags)\//, '')}\``,
    title: 'Commits',
    url: compare,
    text: commits.map((c) => `- ${link(c.id.slice(0, 7), c.url)} ${c.message.split('\n')[0]}`).join('\n'),
  },
  workflow_run: ({ action, workflow_run: run }) => action === 'completed' && run.conclusion === 'failure' && {
    what: `ran ${run.name}, which failed`,
    title: run.display_title,
    url: run.html_url,
    text: `on ${run.head_branch}`,
    color: COLORS.failure,
  },
};

class Script {
  process_incoming_request({ request }) {
    const tell = EVENTS[request.headers['x-github-event']];
    const event = tell && tell(request.content);
    if (!event) {
      return; // a ping, or something the room need not hear of
    }
    const { sender, repository } = request.content;
    return {
      content: {
        text: `${link(sender.login, sender.html_url || `https://github.com/${sender.login}`)} ${event.what} in ${link(repository.full_name, repository.html_url)}`,
        attachments: [{
          color: event.color || '#57606a',
          title: event.title,
          title_link: event.url,
          text: s.truncate(event.text || '', 500),
        }],
      },
    };
  }
}
