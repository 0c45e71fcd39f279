// A push of commits becomes a message: what an author writes who knows the language.
const COLORS = new Map([
  ['main', '#2f6feb'],
  ['release', '#d73a49'],
]);
const TICKET = /\b([A-Z]{2,5})-(\d+)\b/g;
const TRACKER = 'https://tracker.example.org/browse/';

class Script {
  constructor() {
    this.calls = 0;
  }

  branch(ref) {
    return ref.replace(/^refs\/(heads|tags)\//, '');
  }

  color(branch) {
    for (const [prefix, color] of COLORS) {
      if (branch.startsWith(prefix)) {
        return color;
      }
    }
    return '#6a737d';
  }

  line({ id, url, message, author, added = [], removed = [], modified = [] }) {
    const [title] = message.split('\n');
    const linked = title.replace(TICKET, (ticket) => `[${ticket}](${TRACKER}${ticket})`);
    const size = added.length + removed.length + modified.length;
    return `[${id.slice(0, 7)}](${url}) ${linked} (${author?.username ?? author?.name}, ${size} files)`;
  }

  process_incoming_request({ request }) {
    const { ref, compare, commits = [], repository, pusher, forced } = request.content;
    this.calls += 1;
    if (commits.length === 0) {
      return undefined;
    }
    const branch = this.branch(ref);
    const authors = new Map();
    for (const commit of commits) {
      const name = commit.author?.username ?? 'somebody';
      authors.set(name, (authors.get(name) ?? 0) + 1);
    }
    const fields = [...authors.entries()]
      .sort((a, b) => b[1] - a[1])
      .map(([title, value]) => ({ title, value: `${value}`, short: true }));
    const base = { color: this.color(branch), ts: new Date(commits[0].timestamp) };
    return {
      content: {
        alias: 'GitHub',
        text: `*${pusher.name}* ${forced ? 'forced' : 'pushed'} ${commits.length} commits to \`${repository.full_name}@${branch}\``,
        attachments: [{ ...base, title: 'Commits', title_link: compare, text: commits.map((c) => this.line(c)).join('\n'), fields }],
      },
    };
  }
}
