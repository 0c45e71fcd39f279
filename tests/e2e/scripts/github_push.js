const BRANCH_PREFIX = 'refs/heads/';
const COLOR_PUSH = '#2f6feb';

class Script {
  process_incoming_request({ request }) {
    const event = request.headers['x-github-event'];
    if (event === 'ping') {
      return; // accepted, nothing posted
    }
    if (event !== 'push') {
      return { error: { success: false, message: `unsupported event ${event}` } };
    }
    const { ref, repository, pusher, commits = [] } = request.content;
    if (!ref.startsWith(BRANCH_PREFIX) || commits.length === 0) {
      return;
    }
    const branch = ref.slice(BRANCH_PREFIX.length);
    const lines = commits.map((c) => `- [${c.id.slice(0, 7)}](${c.url}) ${c.message.split('\n')[0]}`);
    return {
      content: {
        alias: 'GitHub',
        icon_emoji: ':octopus:',
        text: `*${pusher.name}* pushed ${commits.length} commit(s) to \`${repository.full_name}@${branch}\``,
        parseUrls: false,
        attachments: [{ color: COLOR_PUSH, title: 'Commits', text: lines.join('\n') }],
      },
      response: { received: commits.length },
    };
  }
}
