const WINDOW_MS = 60000;

class Script {
  async process_incoming_request({ request }) {
    const { service, state, at } = request.content;
    const key = `last:${service}`;
    const last = Store.get(key);
    const now = Date.parse(at);
    if (last && last.state === state && now - last.now < WINDOW_MS) {
      Store.set(key, { ...last, dropped: last.dropped + 1 });
      return;
    }
    const dropped = last ? last.dropped : 0;
    Store.set(key, { state, now, dropped: 0 });
    const note = dropped > 0 ? ` (${dropped} repeated alert(s) suppressed)` : '';
    return { content: { emoji: state === 'up' ? ':green_circle:' : ':red_circle:', text: `${service} is ${state}${note}` } };
  }
}
