class Script {
  prepare_outgoing_request({ request }) {
    const city = request.data.text.slice(request.data.trigger_word.length).trim();
    return {
      url: `${request.url}/v1/forecast`,
      method: 'POST',
      headers: { ...request.headers, 'X-Request-Source': 'chat' },
      auth: 'weather:s3cret',
      data: { city, asked_by: request.data.user_name, asked_at: request.data.timestamp.toISOString() },
    };
  }

  process_outgoing_response({ request, response }) {
    if (response.status_code === 404) {
      return { content: { text: `No forecast for ${request.data.city}` } };
    }
    if (response.status_code !== 200) {
      return; // default handling (retry rules) applies
    }
    const body = JSON.parse(response.content);
    return {
      content: {
        text: `${body.city}: ${body.celsius} C, ${body.sky}`,
        attachments: [{ title: 'Details', fields: [{ title: 'Wind', value: `${body.wind} km/h`, short: true }] }],
      },
    };
  }
}
