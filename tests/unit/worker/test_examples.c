/* Five scripts as people write them, at the level of their methods: what goes in, what comes out.
 */
#include "worker/fixture.h"

static const char github[] =
    "const BRANCH_PREFIX = 'refs/heads/';\n"
    "const COLOR_PUSH = '#2f6feb';\n"
    "\n"
    "class Script {\n"
    "  process_incoming_request({ request }) {\n"
    "    const event = request.headers['x-github-event'];\n"
    "    if (event === 'ping') {\n"
    "      return; // accepted, nothing posted\n"
    "    }\n"
    "    if (event !== 'push') {\n"
    "      return { error: { success: false, message: `unsupported event ${event}` } };\n"
    "    }\n"
    "    const { ref, repository, pusher, commits = [] } = request.content;\n"
    "    if (!ref.startsWith(BRANCH_PREFIX) || commits.length === 0) {\n"
    "      return;\n"
    "    }\n"
    "    const branch = ref.slice(BRANCH_PREFIX.length);\n"
    "    const lines = commits.map((c) => `- [${c.id.slice(0, 7)}](${c.url}) "
    "${c.message.split('\\n')[0]}`);\n"
    "    return {\n"
    "      content: {\n"
    "        alias: 'GitHub',\n"
    "        icon_emoji: ':octopus:',\n"
    "        text: `*${pusher.name}* pushed ${commits.length} commit(s) to "
    "\\`${repository.full_name}@${branch}\\``,\n"
    "        parseUrls: false,\n"
    "        attachments: [{ color: COLOR_PUSH, title: 'Commits', text: lines.join('\\n') }],\n"
    "      },\n"
    "      response: { received: commits.length },\n"
    "    };\n"
    "  }\n"
    "}\n";

static const char jira[] =
    "const COLORS = { Highest: '#d73a49', High: '#e36209', Medium: '#dbab09' };\n"
    "const names = { 'jira:issue_created': 'created', 'jira:issue_updated': 'updated', "
    "'jira:issue_deleted': 'deleted' };\n"
    "\n"
    "class Script {\n"
    "  process_incoming_request({ request }) {\n"
    "    const { webhookEvent, issue, user, changelog } = request.content;\n"
    "    const verb = names[webhookEvent];\n"
    "    if (!verb) {\n"
    "      return { error: `unknown event: ${webhookEvent}` };\n"
    "    }\n"
    "    const f = issue.fields;\n"
    "    const base = issue.self.replace(/\\/rest\\/.*$/, '');\n"
    "    const fields = [\n"
    "      { title: 'Status', value: f.status.name, short: true },\n"
    "      { title: 'Priority', value: f.priority ? f.priority.name : 'none', short: true },\n"
    "    ];\n"
    "    for (const item of (changelog && changelog.items) || []) {\n"
    "      fields.push({ title: item.field, value: `${item.fromString || '-'} > ${item.toString || "
    "'-'}`, short: false });\n"
    "    }\n"
    "    return {\n"
    "      content: {\n"
    "        text: `${user.displayName} ${verb} ${issue.key}`,\n"
    "        channel: `#${request.url.query.room || 'general'}`,\n"
    "        attachments: [{\n"
    "          color: COLORS[f.priority && f.priority.name] || '#6a737d',\n"
    "          title: `${issue.key}: ${f.summary}`,\n"
    "          title_link: `${base}/browse/${issue.key}`,\n"
    "          fields,\n"
    "        }],\n"
    "      },\n"
    "    };\n"
    "  }\n"
    "}\n";

static const char weather[] =
    "class Script {\n"
    "  prepare_outgoing_request({ request }) {\n"
    "    const city = request.data.text.slice(request.data.trigger_word.length).trim();\n"
    "    return {\n"
    "      url: `${request.url}/v1/forecast`,\n"
    "      method: 'POST',\n"
    "      headers: { ...request.headers, 'X-Request-Source': 'chat' },\n"
    "      auth: 'weather:s3cret',\n"
    "      data: { city, asked_by: request.data.user_name, asked_at: "
    "request.data.timestamp.toISOString() },\n"
    "    };\n"
    "  }\n"
    "\n"
    "  process_outgoing_response({ request, response }) {\n"
    "    if (response.status_code === 404) {\n"
    "      return { content: { text: `No forecast for ${request.data.city}` } };\n"
    "    }\n"
    "    if (response.status_code !== 200) {\n"
    "      return; // default handling (retry rules) applies\n"
    "    }\n"
    "    const body = JSON.parse(response.content);\n"
    "    return {\n"
    "      content: {\n"
    "        text: `${body.city}: ${body.celsius} C, ${body.sky}`,\n"
    "        attachments: [{ title: 'Details', fields: [{ title: 'Wind', value: `${body.wind} "
    "km/h`, short: true }] }],\n"
    "      },\n"
    "    };\n"
    "  }\n"
    "}\n";

static const char ci[] =
    "const ALLOWED = ['deploy', 'rollback'];\n"
    "\n"
    "class Script {\n"
    "  prepare_outgoing_request({ request }) {\n"
    "    if (request.data.bot) {\n"
    "      return; // never react to bots, ourselves included\n"
    "    }\n"
    "    const [, command, target] = request.data.text.split(/\\s+/);\n"
    "    if (command === 'help') {\n"
    "      return { message: { text: `usage: ${request.data.trigger_word} <${ALLOWED.join('|')}> "
    "<service>` } };\n"
    "    }\n"
    "    if (!ALLOWED.includes(command) || !target) {\n"
    "      return;\n"
    "    }\n"
    "    return { url: `${request.url}/${command}/${encodeURIComponent(target)}`, method: 'POST', "
    "headers: request.headers };\n"
    "  }\n"
    "\n"
    "  process_outgoing_response({ response }) {\n"
    "    return response.status_code < 300 ? false : undefined;\n"
    "  }\n"
    "}\n";

static const char store[] =
    "const WINDOW_MS = 60000;\n"
    "\n"
    "class Script {\n"
    "  async process_incoming_request({ request }) {\n"
    "    const { service, state, at } = request.content;\n"
    "    const key = `last:${service}`;\n"
    "    const last = Store.get(key);\n"
    "    const now = Date.parse(at);\n"
    "    if (last && last.state === state && now - last.now < WINDOW_MS) {\n"
    "      Store.set(key, { ...last, dropped: last.dropped + 1 });\n"
    "      return;\n"
    "    }\n"
    "    const dropped = last ? last.dropped : 0;\n"
    "    Store.set(key, { state, now, dropped: 0 });\n"
    "    const note = dropped > 0 ? ` (${dropped} repeated alert(s) suppressed)` : '';\n"
    "    return { content: { emoji: state === 'up' ? ':green_circle:' : ':red_circle:', text: "
    "`${service} is ${state}${note}` } };\n"
    "  }\n"
    "}\n";

/* With sloppy and with strict class bodies. */
static void load(struct rig *rig, const char *source, bool sloppy)
{
    rig->sloppy = sloppy;
    rig_load(rig, source);
}

static void call(struct rig *rig, const char *method, const char *argument, const char *result)
{
    rig_call(rig, method, argument);
    rig_expect(rig, result);
}

static void incoming(struct rig *rig, const char *request, const char *result)
{
    char argument[4096];
    (void)snprintf(argument, sizeof(argument), "{\"request\":%s}", request);
    call(rig, "process_incoming_request", argument, result);
}

static void a_push_becomes_a_message(void **state)
{
    for (int sloppy = 0; sloppy < 2; sloppy++) {
        load(*state, github, sloppy == 1);
        incoming(
            *state,
            "{\"headers\":{\"x-github-event\":\"push\"},\"content\":{\"ref\":\"refs/heads/main\","
            "\"repository\":{\"full_name\":\"acme/api\"},\"pusher\":{\"name\":\"ana\"},"
            "\"commits\":[{\"id\":\"9f8e7d6c5b4a\",\"url\":\"https://git.example/acme/api/commit/"
            "9f8e7d6c5b4a\",\"message\":\"Fix retry timer\\n\\nlong body\"}]}}",
            "{\"content\":{\"alias\":\"GitHub\",\"icon_emoji\":\":octopus:\",\"text\":\"*ana* "
            "pushed "
            "1 commit(s) to `acme/api@main`\",\"parseUrls\":false,\"attachments\":[{\"color\":"
            "\"#2f6feb\",\"title\":\"Commits\",\"text\":\"- [9f8e7d6](https://git.example/acme/api/"
            "commit/9f8e7d6c5b4a) Fix retry timer\"}]},\"response\":{\"received\":1}}");
        incoming(*state, "{\"headers\":{\"x-github-event\":\"ping\"},\"content\":{}}", "");
        incoming(*state, "{\"headers\":{\"x-github-event\":\"star\"},\"content\":{}}",
                 "{\"error\":{\"success\":false,\"message\":\"unsupported event star\"}}");
    }
}

static void an_issue_becomes_a_message_in_a_room_of_the_query(void **state)
{
    for (int sloppy = 0; sloppy < 2; sloppy++) {
        load(*state, jira, sloppy == 1);
        incoming(
            *state,
            "{\"url\":{\"query\":{\"room\":\"ops\"}},\"content\":{\"webhookEvent\":"
            "\"jira:issue_updated\",\"user\":{\"displayName\":\"Ana "
            "Roe\"},\"issue\":{\"key\":\"OPS-7\","
            "\"self\":\"https://jira.example/rest/api/2/issue/10007\",\"fields\":{\"summary\":"
            "\"Disk full\",\"status\":{\"name\":\"Done\"},\"priority\":{\"name\":\"High\"}}},"
            "\"changelog\":{\"items\":[{\"field\":\"status\",\"fromString\":\"Open\",\"toString\":"
            "\"Done\"}]}}}",
            "{\"content\":{\"text\":\"Ana Roe updated "
            "OPS-7\",\"channel\":\"#ops\",\"attachments\":[{"
            "\"color\":\"#e36209\",\"title\":\"OPS-7: Disk full\",\"title_link\":"
            "\"https://jira.example/browse/"
            "OPS-7\",\"fields\":[{\"title\":\"Status\",\"value\":\"Done\","
            "\"short\":true},{\"title\":\"Priority\",\"value\":\"High\",\"short\":true},{\"title\":"
            "\"status\",\"value\":\"Open > Done\",\"short\":false}]}]}}");
        incoming(*state, "{\"content\":{\"webhookEvent\":\"comment_created\"}}",
                 "{\"error\":\"unknown event: comment_created\"}");
    }
}

static void a_request_is_prepared_and_its_response_told(void **state)
{
    struct rig *rig = *state;
    for (int sloppy = 0; sloppy < 2; sloppy++) {
        load(rig, weather, sloppy == 1);
        assert_true(
            rig_ask(rig, FRAME_CALL, "prepare_outgoing_request",
                    "{\"request\":{\"url\":\"https://weather.example\",\"headers\":{\"User-Agent\":"
                    "\"x\"},\"data\":{\"trigger_word\":\"!weather\",\"text\":\"!weather  Porto\","
                    "\"user_name\":\"ana\",\"timestamp\":1767323045000}}}",
                    "[[\"request\",\"data\",\"timestamp\"]]"));
        rig_expect(
            rig,
            "{\"url\":\"https://weather.example/v1/forecast\",\"method\":\"POST\",\"headers\":{"
            "\"User-Agent\":\"x\",\"X-Request-Source\":\"chat\"},\"auth\":\"weather:s3cret\","
            "\"data\":{\"city\":\"Porto\",\"asked_by\":\"ana\",\"asked_at\":"
            "\"2026-01-02T03:04:05.000Z\"}}");
        call(
            rig, "process_outgoing_response",
            "{\"request\":{\"data\":{}},\"response\":{\"status_code\":200,\"content\":\"{"
            "\\\"city\\\":"
            "\\\"Porto\\\",\\\"celsius\\\":17,\\\"sky\\\":\\\"clear\\\",\\\"wind\\\":9}\"}}",
            "{\"content\":{\"text\":\"Porto: 17 C, clear\",\"attachments\":[{\"title\":\"Details\","
            "\"fields\":[{\"title\":\"Wind\",\"value\":\"9 km/h\",\"short\":true}]}]}}");
        call(rig, "process_outgoing_response",
             "{\"request\":{\"data\":{\"city\":\"Porto\"}},\"response\":{\"status_code\":404,"
             "\"content\":\"no\"}}",
             "{\"content\":{\"text\":\"No forecast for Porto\"}}");
        call(rig, "process_outgoing_response",
             "{\"request\":{\"data\":{}},\"response\":{\"status_code\":503,\"content\":\"x\"}}",
             "");
    }
}

static void a_request_is_cancelled_answered_or_made(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *data, *result;
    } rows[] = {
        {"{\"text\":\"!ci dance now\"}", ""},
        {"{\"text\":\"!ci deploy api\",\"bot\":{\"i\":\"x\"}}", ""},
        {"{\"text\":\"!ci help\",\"trigger_word\":\"!ci\"}",
         "{\"message\":{\"text\":\"usage: !ci <deploy|rollback> <service>\"}}"},
        {"{\"text\":\"!ci deploy api\"}", "{\"url\":\"https://ci.example/run/deploy/"
                                          "api\",\"method\":\"POST\",\"headers\":{\"h\":\"1\"}}"},
    };
    for (int sloppy = 0; sloppy < 2; sloppy++) {
        load(rig, ci, sloppy == 1);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            char argument[512];
            (void)snprintf(
                argument, sizeof(argument),
                "{\"request\":{\"url\":\"https://ci.example/run\",\"headers\":{\"h\":\"1\"},"
                "\"data\":%s}}",
                rows[i].data);
            call(rig, "prepare_outgoing_request", argument, rows[i].result);
        }
        call(rig, "process_outgoing_response", "{\"response\":{\"status_code\":202}}", "false");
        call(rig, "process_outgoing_response", "{\"response\":{\"status_code\":502}}", "");
    }
}

static void repeated_alerts_are_suppressed_by_the_store(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *status, *at, *result;
    } rows[] = {
        {"down", "03:00:00", "{\"content\":{\"emoji\":\":red_circle:\",\"text\":\"api is down\"}}"},
        {"down", "03:00:20", ""},
        {"down", "03:00:40", ""},
        {"up", "03:05:00",
         "{\"content\":{\"emoji\":\":green_circle:\",\"text\":\"api is up (2 repeated alert(s) "
         "suppressed)\"}}"},
    };
    for (int sloppy = 0; sloppy < 2; sloppy++) {
        load(rig, store, sloppy == 1);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            char request[512];
            (void)snprintf(request, sizeof(request),
                           "{\"content\":{\"service\":\"api\",\"state\":\"%s\","
                           "\"at\":\"2026-01-02T%sZ\"}}",
                           rows[i].status, rows[i].at);
            incoming(rig, request, rows[i].result);
        }
        load(rig, store, sloppy == 1);
        incoming(rig,
                 "{\"content\":{\"service\":\"api\",\"state\":\"up\","
                 "\"at\":\"2026-01-02T03:06:00Z\"}}",
                 "{\"content\":{\"emoji\":\":green_circle:\",\"text\":\"api is up\"}}");
    }
}

int main(int argc, char **argv)
{
    FIXTURE_WORKER(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_becomes_a_message),
        cmocka_unit_test(an_issue_becomes_a_message_in_a_room_of_the_query),
        cmocka_unit_test(a_request_is_prepared_and_its_response_told),
        cmocka_unit_test(a_request_is_cancelled_answered_or_made),
        cmocka_unit_test(repeated_alerts_are_suppressed_by_the_store),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
