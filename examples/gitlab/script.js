// For GitLab before 16.10, or for one webhook with many events: its own payload becomes a message.
// What a template has written already passes as it is.

const COLORS = { success: '#108548', merge: '#6e49cb', open: '#1f75cb', failed: '#dd2b0e' };
const DONE = { open: 'opened', reopen: 'reopened', close: 'closed', merge: 'merged', approved: 'approved' };
const ZERO = /^0+$/;

const EVENTS = {
  push: ({ ref, after, commits, total_commits_count: count, project }) => !ZERO.test(after) && count > 0 && {
    what: `pushed ${count} commit(s) to \`${ref.replace('refs/heads/', '')}\``,
    title: 'Commits',
    url: `${project.web_url}/-/commits/${after}`,
    text: commits.map((c) => `- [${c.id.slice(0, 8)}](${c.url}) ${c.title || c.message.split('\n')[0]}`).join('\n'),
  },
  merge_request: ({ object_attributes: request }) => DONE[request.action] && {
    what: `${DONE[request.action]} merge request !${request.iid}`,
    title: request.title,
    url: request.url,
    text: `${request.source_branch} → ${request.target_branch}`,
    color: COLORS[request.action],
  },
  pipeline: ({ object_attributes: pipeline, project }) => ['success', 'failed'].includes(pipeline.status) && {
    what: `ran a pipeline: ${pipeline.status}`,
    title: `#${pipeline.id} on ${pipeline.ref}`,
    url: `${project.web_url}/-/pipelines/${pipeline.id}`,
    text: pipeline.duration ? `${pipeline.duration} s` : '',
    color: COLORS[pipeline.status],
  },
};

class Script {
  process_incoming_request({ request }) {
    const { content } = request;
    if (content.text) {
      return { content };
    }
    const tell = EVENTS[content.object_kind];
    const event = tell && tell(content);
    if (!event) {
      return;
    }
    const who = content.user_name || content.user.name;
    return {
      content: {
        text: `${who} ${event.what} in [${content.project.path_with_namespace}](${content.project.web_url})`,
        attachments: [{
          color: event.color || '#fc6d26', title: event.title, title_link: event.url, text: event.text,
        }],
      },
    };
  }
}
