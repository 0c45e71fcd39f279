/* What a script finds around it: Store, console, s, _, texts of numbers and dates; and what it does
 * not find. */
#include "worker/fixture.h"

static const struct row texts[] = {
    {"truncate", M("return [s.truncate('abcdefgh', 5), s.truncate('abc', 3)];"), "{}",
     "[\"ab...\",\"abc\"]", BOTH},
    {"trim",
     M("return [s.trim('  a b '), s.trim('--a-', '-'), s.ltrim('xxa', 'x'), "
       "s.rtrim('a]]', ']'), s.ltrim(' a'), s.rtrim('a '), s.trim(0), s.trim('1a1', /[0-9]/)];"),
     "{}", "[\"a b\",\"a\",\"a\",\"a\",\"a\",\"a\",\"\",\"a\"]", BOTH},
    {"capitalize", M("return [s.capitalize('abC'), s.capitalize('aBC', true), s.capitalize()];"),
     "{}", "[\"AbC\",\"Abc\",\"\"]", BOTH},
    {"stripTags", M("return s.stripTags('<p>a <b>c</b><script>x()</script></p>');"), "{}",
     "\"a c\"", BOTH},
    {"strLeft and its like",
     M("return [s.strLeft('a-b-c', '-'), s.strRight('a-b-c', '-'), s.strRightBack('a-b-c', '-'), "
       "s.strLeft('abc', '-'), s.strRight('abc', ''), s.strRightBack(null, '-')];"),
     "{}", "[\"a\",\"b-c\",\"c\",\"abc\",\"abc\",\"\"]", BOTH},
    {"numberFormat",
     M("return [s.numberFormat(1234567.891, 2), s.numberFormat(1234, 0, ',', '.'), "
       "s.numberFormat(0.5, 1, ','), s.numberFormat(NaN, 1), s.numberFormat(null, 1), "
       "s.numberFormat(-1234.5, 1)];"),
     "{}", "[\"1,234,567.89\",\"1.234\",\"0,5\",\"\",\"\",\"-1,234.5\"]", BOTH},
    {"pad",
     M("return [s.pad('a', 3), s.pad('a', 3, '-'), s.pad('a', 3, '-', 'left'), "
       "s.pad('a', 4, '-', 'both'), s.lrpad('a', 3, 'xy'), s.pad('a', '3', '.')];"),
     "{}", "[\"a  \",\"a--\",\"--a\",\"--a-\",\"xax\",\"a..\"]", BOTH},
};

static const struct row locales[] = {
    {"numbers",
     M("return [(1234567.891).toLocaleString(), (0.5).toLocaleString('en-US'), "
       "(-1234.5678).toLocaleString(), NaN.toLocaleString(), (1e15).toLocaleString()];"),
     "{}", "[\"1,234,567.891\",\"0.5\",\"-1,234.568\",\"NaN\",\"1,000,000,000,000,000\"]", BOTH},
    {"digits",
     M("return [(1.5).toLocaleString('en-US', {minimumFractionDigits: 2}), "
       "(1.239).toLocaleString(undefined, {maximumFractionDigits: 1}), "
       "(1234).toLocaleString('en-US', {useGrouping: false})];"),
     "{}", "[\"1.50\",\"1.2\",\"1234\"]", BOTH},
    {"money and percent",
     M("return [(1234.5).toLocaleString('en-US', {style: 'currency', currency: 'USD'}), "
       "(-3).toLocaleString('en-US', {style: 'currency', currency: 'eur'}), "
       "(0.256).toLocaleString('en-US', {style: 'percent'})];"),
     "{}",
     "[\"$1,234.50\",\"-\xe2\x82\xac"
     "3.00\",\"26%\"]",
     BOTH},
    {"moments",
     M("const d = new Date(Date.UTC(2026, 0, 2, 15, 4, 5)), utc = {timeZone: 'UTC'}; "
       "return [d.toLocaleString('en-US', utc), d.toLocaleDateString('en-US', utc), "
       "d.toLocaleTimeString('en-US', utc), new Date(NaN).toLocaleString()];"),
     "{}", "[\"1/2/2026, 3:04:05 PM\",\"1/2/2026\",\"3:04:05 PM\",\"Invalid Date\"]", BOTH},
    {"parts of moments",
     M("const d = new Date(Date.UTC(2026, 0, 2, 0, 4, 5)); "
       "const t = (o) => d.toLocaleDateString('en-US', {timeZone: 'UTC', ...o}); "
       "return [t({year: 'numeric', month: 'long', day: 'numeric'}), "
       "t({weekday: 'short', month: 'short', day: 'numeric'}), t({month: 'long', year: "
       "'numeric'}), "
       "t({month: '2-digit', day: '2-digit', year: 'numeric'}), t({dateStyle: 'full'}), "
       "d.toLocaleTimeString('en-US', {timeZone: 'UTC', hour: '2-digit', minute: '2-digit'}), "
       "d.toLocaleTimeString('en-US', {timeZone: 'UTC', hour12: false})];"),
     "{}",
     "[\"January 2, 2026\",\"Fri, Jan 2\",\"January 2026\",\"01/02/2026\","
     "\"Friday, January 2, 2026\",\"12:04 AM\",\"00:04:05\"]",
     BOTH},
    {"the server's own zone",
     M("const d = new Date(2026, 0, 2, 3, 4, 5); return [typeof d.getTimezoneOffset(), "
       "d.toLocaleString(), new Date(2026, 6, 1).getMonth()];"),
     "{}", "[\"number\",\"1/2/2026, 3:04:05 AM\",6]", BOTH},
    {"a zone that is not known",
     M("return new Date().toLocaleString('en', {timeZone: 'Asia/Tokyo'});"), "{}", "!RangeError",
     BOTH},
};

static const struct row old_helpers[] = {
    {"collections",
     M("return [_.map([1, 2], (x) => x * 2), _.filter([1, 2, 3], (x) => x > 1), "
       "_.find([{a: 1}, {a: 2}], {a: 2}), _.pluck([{a: 1}, {b: 2}], 'a'), _.contains([1], 1), "
       "_.uniq([1, 1, 2]), _.sortBy([{n: 2}, {n: 1}], 'n'), _.first([7, 8]), _.last([7, 8])];"),
     "{}", "[[2,4],[2,3],{\"a\":2},[1,null],true,[1,2],[{\"n\":1},{\"n\":2}],7,8]", BOTH},
    {"objects",
     M("return [_.keys({a: 1}), _.pick({a: 1, b: 2}, 'a'), _.omit({a: 1, b: 2}, 'a'), "
       "_.extend({}, {x: 1}), _.isEmpty({}), _.isEmpty([0]), _.has({a: 1}, 'a'), _.size({a: 1}), "
       "_.groupBy([1, 2, 3], (n) => n % 2 ? 'odd' : 'even'), _.isString('a'), _.isArray([])];"),
     "{}",
     "[[\"a\"],{\"a\":1},{\"b\":2},{\"x\":1},true,false,true,1,"
     "{\"odd\":[1,3],\"even\":[2]},true,true]",
     BOTH},
};

static const struct row surroundings[] = {
    {"global is the global object",
     "var x = 1;" M("return [global === globalThis, global.x, typeof this];"), "{}",
     "[true,1,\"object\"]", BOTH},
    {"Store gives what was set",
     M("const o = {}; return [Store.set('k', o) === o, Store.get('k') === o, Store.get('x')];"),
     "{}", "[true,true,null]", BOTH},
    {"Store keeps functions", M("Store.set('f', (x) => x + 1); return Store.get('f')(1);"), "{}",
     "2", BOTH},
    {"its names may be used for other things",
     "const Store = 1; let fetch = 2; class console {} const s = 3, _ = 4, HTTP = 5;" M(
         "return [Store, fetch, typeof console, s, _, HTTP];"),
     "{}", "[1,2,\"function\",3,4,5]", BOTH},
    {"there is nothing else",
     M("return ['require', 'module', 'exports', 'process', 'setTimeout', 'setInterval', "
       "'setImmediate', 'Buffer', 'XMLHttpRequest', 'moment', 'Livechat', 'Intl', 'WebAssembly', "
       "'std', 'os', 'print', 'scriptArgs', 'ivm', 'gantry', 'host', 'prelude', 'load', 'gc']"
       ".filter((name) => name in globalThis);"),
     "{}", "[]", BOTH},
    {"nothing can be imported",
     "class Script { async m() { try { await import('os'); return 'yes'; } catch (e) { "
     "return 'no'; } } }",
     "{}", "\"no\"", BOTH},
    {"random numbers", M("const x = Math.random(); return [x >= 0, x < 1, x !== Math.random()];"),
     "{}", "[true,true,true]", BOTH},
    {"the built-ins of ECMAScript",
     M("return [/(?<=a)(?<n>b)/.exec('ab').groups.n, [...new Set([1, 1])], 2n ** 64n > 1n, "
       "[3, 1].toSorted(), Object.fromEntries([['a', 1]]), 'a-a'.replaceAll('a', 'b'), "
       "encodeURIComponent('\\u00fc'), new Date(0).getTime(), [1, [2]].flat(), a?.b?.c ?? 'd', "
       "Reflect.ownKeys({x: 1}), [...'ab'.matchAll(/./g)].length, new Uint8Array([257])[0]];"),
     "{}", "[\"b\",[1],true,[1,3],{\"a\":1},\"b-b\",\"%C3%BC\",0,[1,2],\"d\",[\"x\"],2,1]", BOTH},
    {"built-ins may be changed; what the server needs goes on",
     "JSON.stringify = JSON.parse = () => 'x'; Promise.resolve = Map.prototype.get = null; "
     "Array.prototype.toJSON = undefined; Object.prototype.hasOwnProperty = null;"
     "Function.prototype.call = null; Array.prototype.push = null;"
     "class Script { async m(a) { Store.set('k', a.x); return [Store.get('k')]; } }",
     "{\"x\":1}", "[1]", BOTH},
};

static void texts_are_cut_and_padded_by_s(void **state)
{
    TRY_ALL(*state, texts);
}

static void numbers_and_dates_are_written_as_in_en_us(void **state)
{
    TRY_ALL(*state, locales);
}

static void old_scripts_find_the_helpers_they_used_most(void **state)
{
    TRY_ALL(*state, old_helpers);
}

static void a_script_finds_what_was_promised_and_nothing_else(void **state)
{
    TRY_ALL(*state, surroundings);
}

/* --- console --- */

static void expect_lines(struct rig *rig, const char *body, const char *lines)
{
    char source[4096];
    (void)snprintf(source, sizeof(source), "class Script { m(a) { %s } }", body);
    rig_load(rig, source);
    rig_call(rig, "m", "{}");
    assert_int_equal(rig->up.kind, FRAME_DONE);
    assert_string_equal(rig_cstr(rig, 1), lines);
}

static void the_console_shows_values_as_people_read_them(void **state)
{
    struct rig *rig = *state;
    expect_lines(rig, "return console.log('a', 1, true, null, undefined);",
                 "[[\"log\",\"a 1 true null undefined\"]]");
    expect_lines(rig,
                 "console.log({a: 'x', 'b-c': [1, {d: 2}]}, [], {}, () => 1, 5n, Symbol('s'));",
                 "[[\"log\",\"{ a: 'x', 'b-c': [ 1, { d: 2 } ] } [] {} [Function: (anonymous)] 5n "
                 "Symbol(s)\"]]");
    expect_lines(rig,
                 "const c = {}; c.c = c; console.log(c, new Map([[1, 2]]), new Set('a'), /x/g);",
                 "[[\"log\",\"{ c: [Circular] } Map(1) { 1 => 2 } Set(1) { 'a' } /x/g\"]]");
    expect_lines(rig, "console.log('%s is %d%%', 'x', 5, 'more'); console.log('%o', {a: 1});",
                 "[[\"log\",\"x is 5% more\"],[\"log\",\"{ a: 1 }\"]]");
    expect_lines(rig, "console.log({ get x() { throw 1; } }); console.log(new Date(0));",
                 "[[\"log\",\"(a value that cannot be shown)\"],"
                 "[\"log\",\"1970-01-01T00:00:00.000Z\"]]");
}

static void the_console_has_its_usual_methods(void **state)
{
    struct rig *rig = *state;
    expect_lines(rig, "console.info(1); console.warn(2); console.error(3); console.debug(4);",
                 "[[\"info\",\"1\"],[\"warn\",\"2\"],[\"error\",\"3\"],[\"debug\",\"4\"]]");
    expect_lines(rig,
                 "console.dir({a: 1}); console.table([1]); console.assert(1); "
                 "console.assert(0, 'x'); console.count(); console.count('y'); console.count();",
                 "[[\"log\",\"{ a: 1 }\"],[\"log\",\"[ 1 ]\"],[\"error\",\"Assertion failed: x\"],"
                 "[\"log\",\"default: 1\"],[\"log\",\"y: 1\"],[\"log\",\"default: 2\"]]");
    expect_lines(rig,
                 "console.group('g'); console.log('a\\nb'); console.groupEnd(); console.log('c');",
                 "[[\"log\",\"g\"],[\"log\",\"  a\\n  b\"],[\"log\",\"c\"]]");
    expect_lines(rig, "console.trace('here');",
                 "[[\"debug\",\"Trace: here\\n    at m (integration.js:1:30)\"]]");
    rig_load(rig, M("console.time('t'); const {log} = console; log(1); console.timeEnd('t');"));
    rig_call(rig, "m", "{}");
    assert_non_null(strstr(rig_cstr(rig, 1), "[[\"log\",\"1\"],[\"log\",\"t: "));
}

static void lines_are_cut_and_counted(void **state)
{
    struct rig *rig = *state;
    rig->limits.console_lines = 5;
    rig->limits.console_line_bytes = 4;
    rig->limits.console_used = 3;
    expect_lines(rig, "console.log('ab\\u20ac\\u20ac'); console.log('abc\\u00e9'); console.log(3);",
                 "[[\"log\",\"ab\"],[\"log\",\"abc\"]]");
    rig->limits.console_used = 5;
    expect_lines(rig, "console.log(1);", "");
    rig->limits.console_lines = 100;
    rig->limits.console_line_bytes = 4096;
    rig->limits.console_used = 0;
    rig_load(rig, M("for (let i = 0; i < 1e4; i++) console.log('\\0'.repeat(1e4)); return i_;"
                    "var i_ = 1;"));
    rig_call(rig, "m", "{}");
    rig_expect(rig, "");
    assert_true(rig->up.texts[1].len < 3 << 20);
}

static void lines_of_a_call_that_throws_are_told(void **state)
{
    struct rig *rig = *state;
    rig_load(rig, M("console.log('before'); throw 1;"));
    rig_call(rig, "m", "{}");
    rig_expect_bad(rig, VERDICT_THROWN);
    assert_string_equal(rig_cstr(rig, 1), "[[\"log\",\"before\"]]");
    rig_evaluate(rig, "console.log('top');");
    rig_expect_bad(rig, VERDICT_NO_CLASS);
    assert_string_equal(rig_cstr(rig, 1), "[[\"log\",\"top\"]]");
}

int main(int argc, char **argv)
{
    FIXTURE_WORKER(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_cut_and_padded_by_s),
        cmocka_unit_test(numbers_and_dates_are_written_as_in_en_us),
        cmocka_unit_test(old_scripts_find_the_helpers_they_used_most),
        cmocka_unit_test(a_script_finds_what_was_promised_and_nothing_else),
        cmocka_unit_test(the_console_shows_values_as_people_read_them),
        cmocka_unit_test(the_console_has_its_usual_methods),
        cmocka_unit_test(lines_are_cut_and_counted),
        cmocka_unit_test(lines_of_a_call_that_throws_are_told),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
