/* console: values as people read them; the lines go to the server. */
const SHOWN_DEPTH = 4, SHOWN_ITEMS = 100;
const counts = new Map(), timers = new Map();
let indent = '';

function quote(text) {
    return "'" + text.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n') + "'";
}

function showKey(key) {
    return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

function showMembers(open, parts, close, more) {
    if (more > 0) {
        parts.push(`... ${more} more`);
    }
    return parts.length > 0 ? `${open} ${parts.join(', ')} ${close}` : open + close;
}

function showObject(value, depth, seen) {
    if (seen.includes(value)) {
        return '[Circular]';
    }
    const inner = [...seen, value];
    const show1 = (item) => show(item, depth + 1, inner);
    const name = value.constructor && value.constructor.name;
    if (value instanceof NativeError) {
        const text = `${value.name}: ${value.message}`;
        return value.stack ? `${text}\n${NativeString(value.stack).trimEnd()}` : text;
    }
    if (value instanceof NativeDate) {
        return isNaN(value) ? 'Invalid Date' : value.toISOString();
    }
    if (value instanceof RegExp) {
        return NativeString(value);
    }
    if (depth > SHOWN_DEPTH) {
        return isArray(value) ? '[Array]' : `[${name || 'Object'}]`;
    }
    if (isArray(value)) {
        const parts = value.slice(0, SHOWN_ITEMS).map(show1);
        return showMembers('[', parts, ']', value.length - SHOWN_ITEMS);
    }
    if (value instanceof Map) {
        const parts = [...value].slice(0, SHOWN_ITEMS)
            .map(([key, item]) => `${show1(key)} => ${show1(item)}`);
        return `Map(${value.size}) ` + showMembers('{', parts, '}', value.size - SHOWN_ITEMS);
    }
    if (value instanceof Set) {
        const parts = [...value].slice(0, SHOWN_ITEMS).map(show1);
        return `Set(${value.size}) ` + showMembers('{', parts, '}', value.size - SHOWN_ITEMS);
    }
    const names = keys(value);
    const parts = names.slice(0, SHOWN_ITEMS).map((key) => `${showKey(key)}: ${show1(value[key])}`);
    const prefix = name && name !== 'Object' ? `${name} ` : '';
    return prefix + showMembers('{', parts, '}', names.length - SHOWN_ITEMS);
}

function show(value, depth = 0, seen = []) {
    switch (typeof value) {
    case 'string':
        return depth > 0 ? quote(value) : value;
    case 'function':
        return `[Function: ${value.name || '(anonymous)'}]`;
    case 'bigint':
        return `${value}n`;
    case 'object':
        return value === null ? 'null' : showObject(value, depth, seen);
    default:
        return Object.is(value, -0) ? '-0' : NativeString(value);
    }
}

/* "%s" and its like, as far as they are used. */
function format(values) {
    let next = 0;
    const parts = [];
    if (typeof values[0] === 'string' && values.length > 1) {
        next = 1;
        parts.push(values[0].replace(/%[sdifjoOc%]/g, (what) => {
            if (what === '%%' || next >= values.length) {
                return what === '%%' ? '%' : what;
            }
            const value = values[next++];
            switch (what) {
            case '%s': return typeof value === 'string' ? value : show(value, 1);
            case '%d': return NativeString(typeof value === 'object' ? NaN : Number(value));
            case '%i': return NativeString(parseInt(value, 10));
            case '%f': return NativeString(parseFloat(value));
            case '%j': return NativeString(stringify(value));
            case '%c': return '';
            default: return show(value, 1);
            }
        }));
    }
    for (; next < values.length; next++) {
        parts.push(show(values[next]));
    }
    return parts.join(' ');
}

/* A value whose getters throw is not worth a failed call. */
function say(level, values) {
    let text;
    try {
        text = format(values);
    } catch (e) {
        text = '(a value that cannot be shown)';
    }
    print(level, indent === '' ? text : indent + text.replace(/\n/g, `\n${indent}`));
}

const console = {
    log(...values) { say('log', values); },
    info(...values) { say('info', values); },
    warn(...values) { say('warn', values); },
    error(...values) { say('error', values); },
    debug(...values) { say('debug', values); },
    dir(value) { say('log', [value]); },
    table(value) { say('log', [value]); },
    trace(...values) {
        const lines = NativeString(new NativeError().stack).split('\n');
        const stack = lines.filter((line) => line !== '' && !line.includes('<gantry>'));
        say('debug', [[`Trace: ${format(values)}`, ...stack].join('\n')]);
    },
    assert(condition, ...values) {
        if (!condition) {
            say('error', values.length > 0 ? ['Assertion failed:', ...values]
                                           : ['Assertion failed']);
        }
    },
    count(label = 'default') {
        const count = (counts.get(NativeString(label)) || 0) + 1;
        counts.set(NativeString(label), count);
        say('log', [`${label}: ${count}`]);
    },
    countReset(label = 'default') {
        counts.delete(NativeString(label));
    },
    time(label = 'default') {
        timers.set(NativeString(label), NativeDate.now());
    },
    timeLog(label = 'default', ...values) {
        if (timers.has(NativeString(label))) {
            const ms = NativeDate.now() - timers.get(NativeString(label));
            say('log', [`${label}: ${ms}ms`, ...values]);
        }
    },
    timeEnd(label = 'default') {
        this.timeLog(label);
        timers.delete(NativeString(label));
    },
    group(...values) {
        if (values.length > 0) {
            say('log', values);
        }
        indent += '  ';
    },
    groupEnd() {
        indent = indent.slice(2);
    },
};
for (const name of ['timeLog', 'timeEnd']) {
    console[name] = console[name].bind(console);
}
console.groupCollapsed = console.group;
