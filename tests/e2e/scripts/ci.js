const ALLOWED = ['deploy', 'rollback'];

class Script {
  prepare_outgoing_request({ request }) {
    if (request.data.bot) {
      return; // never react to bots, ourselves included
    }
    const [, command, target] = request.data.text.split(/\s+/);
    if (command === 'help') {
      return { message: { text: `usage: ${request.data.trigger_word} <${ALLOWED.join('|')}> <service>` } };
    }
    if (!ALLOWED.includes(command) || !target) {
      return;
    }
    return { url: `${request.url}/${command}/${encodeURIComponent(target)}`, method: 'POST', headers: request.headers };
  }

  process_outgoing_response({ response }) {
    return response.status_code < 300 ? false : undefined;
  }
}
