/* What a script may rely on, row by row: the class, its arguments and results, strictness. */
#include "worker/fixture.h"

static const struct row the_class[] = {
    {"a class declaration", M("return 1;"), "{}", "1", BOTH},
    {"a function as constructor", "function Script() { this.m = () => 2; }", "{}", "2", BOTH},
    {"a variable", "var Script = class { m() { return 3; } };", "{}", "3", BOTH},
    {"a constant", "const Script = class { m() { return 4; } };", "{}", "4", BOTH},
    {"other code may run first", "const x = [1, 2].map((n) => n * 2);" M("return x;"), "{}",
     "[2,4]", BOTH},
    {"it is constructed once, without arguments",
     "let n = 0; class Script { constructor() { n += 1 + arguments.length; } m() { return n; } }",
     "{}", "1", BOTH},
    {"inherited methods count", "class Base { m() { return 5; } } class Script extends Base {}",
     "{}", "5", BOTH},
    {"methods assigned to the instance count",
     "class Script { constructor() { this.m = () => 6; } }", "{}", "6", BOTH},
    {"fields that are functions count", "class Script { m = (a) => a.x; }", "{\"x\":7}", "7", BOTH},
    {"this is the instance", "class Script { x = 8; m() { return this.x; } }", "{}", "8", BOTH},
    {"exactly one argument", M("return [arguments.length, a.request.x];"),
     "{\"request\":{\"x\":1}}", "[1,1]", BOTH},
    {"asynchronous methods are awaited", "class Script { async m() { await null; return 9; } }",
     "{}", "9", BOTH},
    {"promises are awaited", M("return Promise.resolve(1).then((x) => x + 1);"), "{}", "2", BOTH},
    {"things with a then are awaited", M("return {then(f) { f('late'); }};"), "{}", "\"late\"",
     BOTH},
    {"a rejection is a throw", "class Script { async m() { throw new TypeError('no'); } }", "{}",
     "!TypeError", BOTH},
    {"a then that throws is a throw", M("return {then() { throw new RangeError('x'); }};"), "{}",
     "!RangeError", BOTH},
    {"a getter that throws is a throw", "class Script { get m() { throw new URIError('x'); } }",
     "{}", "!URIError", BOTH},
    {"a constructor that throws", "class Script { constructor() { throw new EvalError('x'); } }",
     "{}", "!EvalError", BOTH},
    {"top-level code that throws", "null.x;" M(""), "{}", "!TypeError", BOTH},
    {"no class", "const x = 1;", "{}", "!ReferenceError", BOTH},
    {"nothing to construct", "const Script = 5;", "{}", "!TypeError", BOTH},
    {"it is a script, no module", "export default class Script {}", "{}", "!SyntaxError", BOTH},
    {"a top-level return is an error when it is evaluated", "return 1;" M(""), "{}", "!SyntaxError",
     BOTH},
};

static const struct row results[] = {
    {"undefined", M(""), "{}", "", BOTH},
    {"null", M("return null;"), "{}", "null", BOTH},
    {"false", M("return false;"), "{}", "false", BOTH},
    {"a text", M("return 'a\\u00e9\\ud83d\\ude00\\0';"), "{}",
     "\"a\xc3\xa9\xf0\x9f\x98\x80\\u0000\"", BOTH},
    {"half a pair", M("return '\\ud83d';"), "{}", "\"\\ud83d\"", BOTH},
    {"numbers that JSON has not", M("return [NaN, Infinity, -0, 0.1, 1e21];"), "{}",
     "[null,null,0,0.1,1e+21]", BOTH},
    {"members that are undefined disappear", M("return {a: undefined, b: [undefined]};"), "{}",
     "{\"b\":[null]}", BOTH},
    {"dates", M("return {d: new Date(0)};"), "{}", "{\"d\":\"1970-01-01T00:00:00.000Z\"}", BOTH},
    {"a class's own members",
     "class P { constructor() { this.x = 1; } get y() { return 2; } }"
     "class Script { m() { return new P(); } }",
     "{}", "{\"x\":1}", BOTH},
    {"getters are read", M("return { get x() { return 3; } };"), "{}", "{\"x\":3}", BOTH},
    {"a function", M("return () => 1;"), "{}", "!TypeError", BOTH},
    {"a function inside", M("return [{f() {}}];"), "{}", "!TypeError", BOTH},
    {"a symbol", M("return {x: Symbol('x')};"), "{}", "!TypeError", BOTH},
    {"a BigInt", M("return 1n;"), "{}", "!TypeError", BOTH},
    {"a proxy", M("return {p: new Proxy({}, {})};"), "{}", "!TypeError", BOTH},
    {"a circle", M("const x = {}; x.x = x; return x;"), "{}", "!TypeError", BOTH},
    {"own members with names of built-ins",
     M("return JSON.parse('{\"__proto__\":{\"a\":1},\"constructor\":2,\"toString\":3}');"), "{}",
     "{\"__proto__\":{\"a\":1},\"constructor\":2,\"toString\":3}", BOTH},
};

static const struct row arguments[] = {
    {"own members with names of built-ins are data",
     M("return [Object.keys(a), a.__proto__.x, Object.getPrototypeOf(a) === Object.prototype];"),
     "{\"__proto__\":{\"x\":1},\"toString\":\"t\",\"constructor\":2,\"hasOwnProperty\":3}",
     "[[\"__proto__\",\"toString\",\"constructor\",\"hasOwnProperty\"],1,true]", BOTH},
    {"instances of the script's own built-ins",
     M("return [a instanceof Object, a.l instanceof Array, Array.isArray(a.l), "
       "a.l.constructor === Array];"),
     "{\"l\":[]}", "[true,true,true,true]", BOTH},
    {"they may be changed and spread", M("a.h.x = 1; return {...a.h, y: 2};"), "{\"h\":{\"z\":0}}",
     "{\"z\":0,\"x\":1,\"y\":2}", BOTH},
    {"members that are undefined are there within a call", M("a.x = undefined; return 'x' in a;"),
     "{}", "true", BOTH},
    {"texts of all kinds", M("return a.t === 'a\\u00e9\\ud83d\\ude00\\0\"';"),
     "{\"t\":\"a\xc3\xa9\xf0\x9f\x98\x80\\u0000\\\"\"}", "true", BOTH},
};

static const struct row strictness[] = {
    {"an implicit global", M("msg = 5; return globalThis.msg;"), "{}", "5", ONLY_SLOPPY},
    {"an implicit global", M("msg = 5; return msg;"), "{}", "!ReferenceError", ONLY_STRICT},
    {"this of a plain function", M("function f() { return this === globalThis; } return f();"),
     "{}", "true", ONLY_SLOPPY},
    {"this of a plain function", M("function f() { return this === undefined; } return f();"), "{}",
     "true", ONLY_STRICT},
    {"arguments.callee", M("return typeof arguments.callee;"), "{}", "\"function\"", ONLY_SLOPPY},
    {"arguments.callee", M("return typeof arguments.callee;"), "{}", "!TypeError", ONLY_STRICT},
    {"writing what is read-only", M("const o = Object.freeze({x: 1}); o.x = 2; return o.x;"), "{}",
     "1", ONLY_SLOPPY},
    {"writing what is read-only", M("const o = Object.freeze({x: 1}); o.x = 2;"), "{}",
     "!TypeError", ONLY_STRICT},
    {"deleting what cannot be deleted", M("return delete Object.prototype;"), "{}", "false",
     ONLY_SLOPPY},
    {"deleting what cannot be deleted", M("return delete Object.prototype;"), "{}", "!TypeError",
     ONLY_STRICT},
    {"in constructors, getters and fields",
     "class Script { constructor() { c = 1; } get g() { h = 2; return 3; } f = (d = 4); "
     "m() { return [c, this.g, h, d]; } }",
     "{}", "[1,3,2,4]", ONLY_SLOPPY},
    {"in static blocks", "class Script { static { b = 1; } m() { return b; } }", "{}", "1",
     ONLY_SLOPPY},
    {"in static blocks", "class Script { static { b = 1; } m() { return b; } }", "{}",
     "!ReferenceError", ONLY_STRICT},
    {"in classes that are expressions", "const Script = class { m() { y = 1; return y; } };", "{}",
     "1", ONLY_SLOPPY},
    {"in classes that a later call makes",
     M("const C = new Function('return class { m() { z = 1; return z; } }')(); "
       "return new C().m();"),
     "{}", "1", ONLY_SLOPPY},
    {"in classes that a later call makes",
     M("const C = new Function('return class { m() { z = 1; return z; } }')(); "
       "return new C().m();"),
     "{}", "!ReferenceError", ONLY_STRICT},
    {"outside classes nothing is strict",
     "function f() { w = 1; return this === globalThis && w; }" M("return f();"), "{}", "1", BOTH},
    {"a directive is obeyed", M("'use strict'; q = 1;"), "{}", "!ReferenceError", BOTH},
    {"a directive at the top", "'use strict'; function f() { q = 1; }" M("f();"), "{}",
     "!ReferenceError", BOTH},
    {"static members, and members by names that are reserved in strict code",
     "class Script { static a = 1; static b() { return 2; } static async c() {} static() { return "
     "3; } "
     "static get static() { return 4; } let() { return 5; } "
     "m() { return [Script.a, Script.b(), this.static(), Script.static, this.let(), "
     "{static: 6}.static]; } }",
     "{}", "[1,2,3,4,5,6]", BOTH},
    {"reserved words outside of classes",
     "var interface = 1, package = 2; let yield_ = 3, let_ = 4;" M(
         "return interface_();") "function interface_() { return [interface, package, yield_, "
                                 "let_]; }",
     "{}", "[1,2,3,4]", BOTH},
    {"private names and super work",
     "class B { v() { return 1; } } class Script extends B { #p = 2; "
     "m() { return [super.v(), this.#p, #p in this]; } }",
     "{}", "[1,2,true]", BOTH},
};

static void the_class_is_found_and_its_method_called(void **state)
{
    TRY_ALL(*state, the_class);
}

static void results_are_plain_copies(void **state)
{
    TRY_ALL(*state, results);
}

static void arguments_are_plain_copies(void **state)
{
    TRY_ALL(*state, arguments);
}

static void class_bodies_are_strict_only_when_it_is_asked_for(void **state)
{
    TRY_ALL(*state, strictness);
}

static void moments_arrive_as_dates(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, M("return [a.request.data.at instanceof Date, a.request.data.at, a.l[1], a.n];"));
    assert_true(rig_ask(
        rig, FRAME_CALL, "m", "{\"request\":{\"data\":{\"at\":1767323045000}},\"l\":[1,2],\"n\":7}",
        "[[\"request\",\"data\",\"at\"],[\"l\",1],[\"no\",\"where\"],[\"n\",\"x\"]]"));
    rig_expect(rig, "[true,\"2026-01-02T03:04:05.000Z\",\"1970-01-01T00:00:00.002Z\",7]");
}

static void the_instance_lives_from_call_to_call(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, "let top = 0; class Script { n = 0; m() { return [++this.n, ++top, "
                  "Store.set('k', (Store.get('k') || 0) + 1)]; } }");
    for (int i = 1; i <= 3; i++) {
        char expected[32];
        (void)snprintf(expected, sizeof(expected), "[%d,%d,%d]", i, i, i);
        rig_call(rig, "m", "{}");
        rig_expect(rig, expected);
    }
}

static void a_throw_leaves_what_was_stored_before_it(void **state)
{
    struct rig *rig = *state;
    rig_load(rig,
             "class Script { n = 0; m({bad}) { this.n++; if (bad) throw 1; return this.n; } }");
    rig_call(rig, "m", "{\"bad\":true}");
    rig_expect_bad(rig, VERDICT_THROWN);
    rig_call(rig, "m", "{}");
    rig_expect(rig, "2");
}

static void a_method_that_is_not_there_is_no_mistake(void **state)
{
    struct rig *rig = *state;
    char longest[1000];
    rig_load(rig, "class Script { x = 1; m() { return 1; } }");
    rig_call(rig, "other", "{}");
    rig_expect_bad(rig, VERDICT_NO_METHOD);
    rig_call(rig, "x", "{}");
    rig_expect_bad(rig, VERDICT_NO_METHOD);
    memset(longest, 'm', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    rig_call(rig, longest, "{}");
    rig_expect_bad(rig, VERDICT_NO_METHOD);
    rig_call(rig, "m", "{}");
    rig_expect(rig, "1");
}

/* --- the check of the syntax --- */

static const struct {
    const char *source;
    bool right;
} syntax[] = {
    {"class Script {}", true},
    {"", true},
    {"const noClassAtAll = 1;", true},
    {"return 1;", true},
    {"class Script { async m() { for await (const x of []) {} } } // the end", true},
    {"<!-- comment", true},
    {"'use strict'; var x;", true},
    {"class Script {", false},
    {"}", false},
    {"import x from 'y';", false},
    {"export class Script {}", false},
    {"await 1;", false},
    {"const x;", false},
    {"let x; let x;", false},
    {"}); evil(); (function() {", false},
    {"} function g() {", false},
    {"}\n(1), function() {", false},
    {"return 1; }}, {f() {", false},
    {"class Script { m() { return 1 2; } }", false},
    {"\xff", false},
};

static void only_the_syntax_is_checked(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++) {
        rig_place(rig, &rig->fresh);
        assert_true(rig_ask(rig, FRAME_CHECK, syntax[i].source, NULL, NULL));
        if ((rig->up.kind == FRAME_DONE) != syntax[i].right)
            fail_msg("%s: %.*s", syntax[i].source, STR_FMT(rig_text(rig, 0)));
        if (!syntax[i].right)
            rig_expect_bad(rig, VERDICT_THROWN);
    }
}

/* --- errors --- */

static const struct {
    const char *source, *name, *message, *stack;
    int line, column;
} errors[] = {
    {"class Script {\n  m() {\n    const x = null;\n    return x.y;\n  }\n}", "TypeError",
     "cannot read property 'y' of null",
     "TypeError: cannot read property 'y' of null\n    at m (integration.js:4:12)", 4, 12},
    {"class Script {\n  m() {\n    throw 'text';\n  }\n}", "Error", "text", "Error: text", 0, 0},
    {"class Script {\n  m() {\n    throw { message: 'like one' };\n  }\n}", "Error", "like one",
     "Error: like one", 0, 0},
    {"class Script { m() { throw null; } }", "Error", "null", "Error: null", 0, 0},
    {"class Script { m() { throw undefined; } }", "Error", "undefined", "Error: undefined", 0, 0},
    {"class Script { m() { throw { toString() { throw 1; } }; } }", "Error",
     "What was thrown has no text", "Error: What was thrown has no text", 0, 0},
    {"class Script { m() { throw Symbol('s'); } }", "Error", "What was thrown has no text",
     "Error: What was thrown has no text", 0, 0},
    {"class E extends Error { get name() { throw 1; } }\n"
     "class Script {\n  m() {\n    throw new E('odd');\n  }\n}",
     "Error", "odd", "Error: odd\n    at E (integration.js:1:1)\n    at m (integration.js:4:15)", 1,
     1},
    {"class Script {\n  m() {\n    [1].map(() => { throw new RangeError('deep'); });\n  }\n}",
     "RangeError", "deep",
     "RangeError: deep\n    at <anonymous> (integration.js:3:31)\n    at map (native)\n"
     "    at m (integration.js:3:9)",
     3, 31},
    {"class Script {\n  m() {\n    s.truncate(null, 3);\n  }\n}", "TypeError",
     "cannot read property 'length' of null",
     "TypeError: cannot read property 'length' of null\n    at m (integration.js:3:16)", 3, 16},
    {"class Script {\n  m() {\n    return 1 2;\n  }\n}", "SyntaxError", "expecting ';'",
     "SyntaxError: expecting ';'\n    at integration.js:3:14", 3, 14},
};

static void an_error_tells_the_place_in_the_authors_source(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        rig_evaluate(rig, errors[i].source);
        if (rig->up.kind == FRAME_DONE)
            rig_call(rig, "m", "{}");
        rig_expect_bad(rig, VERDICT_THROWN);
        struct json *error = json_parse(&a, arena_str(&a, rig_text(rig, 0)));
        struct str stack = json_get_str(error, "stack");
        assert_true(str_is(json_get_str(error, "name"), errors[i].name));
        assert_true(str_is(json_get_str(error, "message"), errors[i].message));
        assert_true(str_is(stack, errors[i].stack));
        assert_int_equal(json_get_lit(error, "line")->number, errors[i].line);
        assert_int_equal(json_get_lit(error, "column")->number, errors[i].column);
        arena_release(&a);
    }
}

int main(int argc, char **argv)
{
    FIXTURE_WORKER(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_class_is_found_and_its_method_called),
        cmocka_unit_test(results_are_plain_copies),
        cmocka_unit_test(arguments_are_plain_copies),
        cmocka_unit_test(class_bodies_are_strict_only_when_it_is_asked_for),
        cmocka_unit_test(moments_arrive_as_dates),
        cmocka_unit_test(the_instance_lives_from_call_to_call),
        cmocka_unit_test(a_throw_leaves_what_was_stored_before_it),
        cmocka_unit_test(a_method_that_is_not_there_is_no_mistake),
        cmocka_unit_test(only_the_syntax_is_checked),
        cmocka_unit_test(an_error_tells_the_place_in_the_authors_source),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
