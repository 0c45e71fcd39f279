/* Asking other servers: what a call that waits tells, and how an answer brings it on. */
#include "worker/fixture.h"

static void expect_wait(struct rig *rig, const char *fetches)
{
    if (rig->up.kind != FRAME_WAIT)
        fail_msg("kind %u verdict %u: %.*s", rig->up.kind, rig->up.verdict,
                 STR_FMT(rig_text(rig, 0)));
    assert_string_equal(rig_cstr(rig, 0), fetches);
}

static void resume(struct rig *rig, const char *fetched)
{
    assert_true(rig_ask(rig, FRAME_RESUME, fetched, NULL, NULL));
}

/* What one fetch asks for. */
static const struct {
    const char *call, *asked;
} asked[] = {
    {"fetch('http://a/')",
     "{\"id\":1,\"url\":\"http://a/\",\"method\":\"GET\",\"headers\":[],\"timeout\":20000,"
     "\"insecure\":false}"},
    {"fetch('http://a/?x=1#h', {method: 'post', headers: {A: 'b', N: null}, body: 'h\\u00e9', "
     "timeout: 5, params: {q: 'a b', l: [1, 2]}}, true)",
     "{\"id\":1,\"url\":\"http://a/?x=1&q=a%20b&l=1&l=2#h\",\"method\":\"POST\","
     "\"headers\":[[\"A\",\"b\"]],\"body\":\"aMOp\",\"timeout\":5,\"insecure\":true}"},
    {"fetch('http://a/', {method: 'PUT', body: {a: 1}})",
     "{\"id\":1,\"url\":\"http://a/\",\"method\":\"PUT\","
     "\"headers\":[[\"Content-Type\",\"application/json\"]],\"body\":\"eyJhIjoxfQ==\","
     "\"timeout\":20000,\"insecure\":false}"},
    {"fetch('http://a/', {method: 'POST', headers: [['content-type', 'x/y']], "
     "body: new Uint8Array([0, 255])})",
     "{\"id\":1,\"url\":\"http://a/\",\"method\":\"POST\",\"headers\":[[\"content-type\",\"x/y\"]],"
     "\"body\":\"AP8=\",\"timeout\":20000,\"insecure\":false}"},
    {"HTTP('GET', 'http://a/', {params: {q: 1}, auth: 'u:p', timeout: 7})",
     "{\"id\":1,\"url\":\"http://a/?q=1\",\"method\":\"GET\","
     "\"headers\":[[\"Authorization\",\"Basic dTpw\"]],\"timeout\":7,\"insecure\":false}"},
    {"HTTP('POST', 'http://a/', {data: {a: 1}})",
     "{\"id\":1,\"url\":\"http://a/\",\"method\":\"POST\","
     "\"headers\":[[\"Content-Type\",\"application/json\"]],\"body\":\"eyJhIjoxfQ==\","
     "\"timeout\":20000,\"insecure\":false}"},
    {"HTTP('POST', 'http://a/', {params: {a: 'b c'}, query: 'x=1'})",
     "{\"id\":1,\"url\":\"http://a/?x=1\",\"method\":\"POST\","
     "\"headers\":[[\"Content-Type\",\"application/x-www-form-urlencoded\"]],"
     "\"body\":\"YT1iJTIwYw==\",\"timeout\":20000,\"insecure\":false}"},
};

static void a_fetch_is_told_with_all_its_options(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        char source[512], expected[512];
        (void)snprintf(source, sizeof(source), "class Script { async m() { await %s; } }",
                       asked[i].call);
        (void)snprintf(expected, sizeof(expected), "[%s]", asked[i].asked);
        rig_load(rig, source);
        rig_call(rig, "m", "{}");
        expect_wait(rig, expected);
    }
}

#define ANSWER(id, rest) "{\"id\":" #id ",\"ok\":true,\"url\":\"http://b/\"," rest "}"

static void an_answer_has_what_scripts_read(void **state)
{
    struct rig *rig = *state;
    rig_load(
        rig,
        "class Script { async m() { const r = await fetch('http://a/'); "
        "return [r.status, r.ok, r.statusText, r.url, r.headers, r.headers.get('CONTENT-type'), "
        "r.headers.get('no'), r.headers.get('x'), await r.text(), await r.json(), "
        "(await r.arrayBuffer()).byteLength, typeof r.clone]; } }");
    rig_call(rig, "m", "{}");
    resume(
        rig,
        ANSWER(1,
               "\"status\":201,\"statusText\":\"Created\",\"headers\":[[\"Content-Type\","
               "\"application/json\"],[\"X\",\"1\"],[\"x\",\"2\"]],\"body\":\"eyJhIjoiw6kifQ==\""));
    rig_expect(rig, "[201,true,\"Created\",\"http://b/\",[[\"Content-Type\",\"application/json\"],"
                    "[\"X\",\"1\"],[\"x\",\"2\"]],\"application/json\",null,\"1, 2\","
                    "\"{\\\"a\\\":\\\"\xc3\xa9\\\"}\",{\"a\":\"\xc3\xa9\"},10,\"undefined\"]");
}

static void bytes_that_are_no_text_are_repaired_and_kept(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "class Script { async m() { const r = await fetch('http://a/'); "
                  "return [await r.text(), [...new Uint8Array(await r.arrayBuffer())]]; } }");
    rig_call(rig, "m", "{}");
    resume(rig, ANSWER(1, "\"status\":200,\"headers\":[],\"body\":\"/2EA\""));
    rig_expect(rig, "[\"\xef\xbf\xbd"
                    "a\\u0000\",[255,97,0]]");
}

static void a_fetch_that_failed_rejects(void **state)
{
    struct rig *rig = *state;
    rig_load(rig,
             "class Script { async m({caught}) { try { await fetch('http://a/'); } catch (e) { "
             "if (!caught) throw e; return [e instanceof Error, e.message, e.code]; } } }");
    rig_call(rig, "m", "{\"caught\":true}");
    resume(rig, "{\"id\":1,\"ok\":false,\"error\":\"no route\",\"code\":\"ENETUNREACH\"}");
    rig_expect(rig, "[true,\"no route\",\"ENETUNREACH\"]");
    rig_call(rig, "m", "{}");
    resume(rig, "{\"id\":2,\"ok\":false,\"error\":\"no route\"}");
    rig_expect_bad(rig, VERDICT_THROWN);
}

static void several_are_asked_at_once_and_answered_in_any_order(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "class Script { async m() { const [a, b] = await Promise.all(['a', 'b'].map("
                  "async (n) => (await fetch('http://' + n)).text())); "
                  "return a + b + await (await fetch('http://c')).text(); } }");
    rig_call(rig, "m", "{}");
    assert_int_equal(rig->up.kind, FRAME_WAIT);
    assert_non_null(strstr(rig_cstr(rig, 0), "\"http://b\""));
    resume(rig, ANSWER(2, "\"status\":200,\"headers\":[],\"body\":\"Qg==\""));
    expect_wait(rig, "");
    resume(rig, ANSWER(1, "\"status\":200,\"headers\":[],\"body\":\"QQ==\""));
    assert_non_null(strstr(rig_cstr(rig, 0), "[{\"id\":3,\"url\":\"http://c\""));
    resume(rig, ANSWER(3, "\"status\":200,\"headers\":[],\"body\":\"Qw==\""));
    rig_expect(rig, "\"ABC\"");
}

static void a_call_that_waits_goes_on_in_another_worker(void **state)
{
    struct rig *one = *state, two;
    rig_start(&two);
    rig_load(one, "class Script { n = 1; async m(a) { const r = await fetch('http://a/'); "
                  "return [a.x, ++this.n, r.status]; } }");
    rig_call(one, "m", "{\"x\":\"kept\"}");
    assert_int_equal(one->up.kind, FRAME_WAIT);
    struct image image = rig_save(one);
    rig_place(&two, &image);
    resume(&two, ANSWER(1, "\"status\":204,\"headers\":[],\"body\":\"\""));
    rig_expect(&two, "[\"kept\",2,204]");
    rig_call(&two, "m", "{\"x\":\"again\"}");
    assert_int_equal(two.up.kind, FRAME_WAIT);
    free(image.bytes);
    rig_stop(&two);
}

static void fetches_that_nobody_awaits_are_told_with_the_result(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "fetch('http://top/'); class Script { m() { fetch('http://a/'); return 1; } }");
    assert_int_equal(rig->up.texts[2].len, 0);
    rig_call(rig, "m", "{}");
    rig_expect(rig, "1");
    assert_non_null(strstr(rig_cstr(rig, 2), "[{\"id\":1,\"url\":\"http://top/\""));
    assert_non_null(strstr(rig_cstr(rig, 2), "{\"id\":2,\"url\":\"http://a/\""));
    rig_call(rig, "m", "{}");
    assert_null(strstr(rig_cstr(rig, 2), "top"));
}

static void a_call_that_ended_leaves_no_fetch_behind(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "class Script { async m(a) { fetch('http://a/'); if (a.bad) throw 1; "
                  "await new Promise(() => 0); } }");
    rig_call(rig, "m", "{\"bad\":true}");
    rig_expect_bad(rig, VERDICT_THROWN);
    rig_call(rig, "m", "{}");
    expect_wait(rig, "[{\"id\":2,\"url\":\"http://a/\",\"method\":\"GET\",\"headers\":[],"
                     "\"timeout\":20000,\"insecure\":false}]");
    resume(rig, ANSWER(7, "\"status\":200,\"headers\":[],\"body\":\"\"")); /* of nobody */
    expect_wait(rig, "");
    resume(rig, ANSWER(2, "\"status\":200,\"headers\":[],\"body\":\"\""));
    rig_expect_bad(rig, VERDICT_UNSETTLED);
}

static void what_cannot_be_asked_rejects_at_once(void **state)
{
    struct rig *rig = *state;
    rig_load(
        rig,
        "class Script { async m() { const c = {}; c.c = c; try { "
        "await fetch('http://a/', {method: 'POST', body: c}); } catch (e) { return e.name; } } }");
    rig_call(rig, "m", "{}");
    rig_expect(rig, "\"TypeError\"");
}

static void the_old_http_answers_as_it_did_when_it_is_awaited(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "class Script { async m() { return await HTTP('GET', 'http://a/'); } "
                  "async e() { const {result, error} = await HTTP('GET', 'http://a/'); "
                  "return [result === undefined, error.message, error.response.statusCode]; } "
                  "s() { const {result} = HTTP('GET', 'http://a/'); } }");
    rig_call(rig, "m", "{}");
    resume(rig, ANSWER(1, "\"status\":200,\"headers\":[[\"Content-Type\",\"application/json\"],"
                          "[\"X\",\"1\"],[\"x\",\"2\"]],\"body\":\"eyJhIjoxfQ==\""));
    rig_expect(rig,
               "{\"result\":{\"statusCode\":200,\"content\":\"{\\\"a\\\":1}\",\"data\":{\"a\":1},"
               "\"headers\":{\"content-type\":\"application/json\",\"x\":\"1, 2\"}}}");
    rig_call(rig, "e", "{}");
    resume(rig, ANSWER(2, "\"status\":404,\"headers\":[],\"body\":\"bm8=\""));
    rig_expect(rig, "[true,\"failed [404] no\",404]");
    rig_call(rig, "s", "{}");
    rig_expect_bad(rig, VERDICT_THROWN);
    assert_non_null(strstr(rig_cstr(rig, 0), "await HTTP"));
}

static void lines_of_a_slice_are_told_with_it(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "class Script { async m() { console.log(1); await fetch('http://a/'); "
                  "console.log(2); } }");
    rig_call(rig, "m", "{}");
    assert_string_equal(rig_cstr(rig, 1), "[[\"log\",\"1\"]]");
    resume(rig, ANSWER(1, "\"status\":200,\"headers\":[],\"body\":\"\""));
    assert_string_equal(rig_cstr(rig, 1), "[[\"log\",\"2\"]]");
}

int main(int argc, char **argv)
{
    FIXTURE_WORKER(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fetch_is_told_with_all_its_options),
        cmocka_unit_test(an_answer_has_what_scripts_read),
        cmocka_unit_test(bytes_that_are_no_text_are_repaired_and_kept),
        cmocka_unit_test(a_fetch_that_failed_rejects),
        cmocka_unit_test(several_are_asked_at_once_and_answered_in_any_order),
        cmocka_unit_test(a_call_that_waits_goes_on_in_another_worker),
        cmocka_unit_test(fetches_that_nobody_awaits_are_told_with_the_result),
        cmocka_unit_test(a_call_that_ended_leaves_no_fetch_behind),
        cmocka_unit_test(what_cannot_be_asked_rejects_at_once),
        cmocka_unit_test(the_old_http_answers_as_it_did_when_it_is_awaited),
        cmocka_unit_test(lines_of_a_slice_are_told_with_it),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
