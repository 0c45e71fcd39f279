/* What a script finds around it beside ECMAScript: Store, console, s, fetch, and the two names that
 * older scripts used, HTTP and _. This file runs once in a fresh engine, before any script, and is
 * called with the functions of host.c; it returns the ones that engine.c calls, in the order of
 * enum hook.
 *
 * A script shares the engine with this file and may change every built-in. It would only harm
 * itself, for each integration has an engine of its own; but what is used after a script has run is
 * taken here at the start, so that a changed built-in does not make our answers odd.
 */
(function (host) {
    'use strict';

    const { print, random, refuse, isProxy, base64, bytes, utf8 } = host;
    const { parse, stringify } = JSON;
    const NativePromise = Promise, NativeError = Error, NativeDate = Date, NativeString = String;
    const { defineProperty, entries, getOwnPropertyDescriptor, keys } = Object;
    const { isArray } = Array;
    const uncurry = Function.prototype.bind.bind(Function.prototype.call);
    const promiseResolve = Promise.resolve.bind(Promise);
    const hasOwn = uncurry(Object.prototype.hasOwnProperty);
    const join = uncurry(Array.prototype.join);
    const push = uncurry(Array.prototype.push);
    const mapGet = uncurry(Map.prototype.get), mapSet = uncurry(Map.prototype.set);
    const mapDelete = uncurry(Map.prototype.delete), mapClear = uncurry(Map.prototype.clear);
    const mapSize = uncurry(getOwnPropertyDescriptor(Map.prototype, 'size').get);
    const lower = uncurry(NativeString.prototype.toLowerCase);
    const { floor, round } = Math;

    function hide(object, name, value) {
        defineProperty(object, name, { value, writable: true, configurable: true });
    }

    function hideAll(object, functions) {
        for (const name of keys(functions)) {
            hide(object, name, functions[name]);
        }
    }

    /* --- Store --- */

    const stored = new Map();

    const Store = {
        set(key, value) {
            mapSet(stored, key, value);
            return value;
        },
        get(key) {
            return mapGet(stored, key);
        },
    };

    /* --- console --- */

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

    /* --- s: texts --- */

    function textOf(value) {
        return value ? NativeString(value) : '';
    }

    /* As a part of a pattern: white space, the source of a pattern, or the given characters. */
    function setOf(characters) {
        if (!characters) {
            return '\\s';
        }
        if (typeof characters === 'object' && 'source' in characters) {
            return characters.source;
        }
        return `[${textOf(characters).replace(/[.*+?^${}()|[\]\\\-\/]/g, '\\$&')}]`;
    }

    function cutAt(text, separator, position, part) {
        const at = separator === '' ? -1 : position;
        return at < 0 ? text : part(at);
    }

    const s = {
        truncate(text, length) {
            return text.length > length ? `${text.slice(0, length - 3)}...` : text;
        },
        trim(text, characters) {
            const set = setOf(characters);
            return characters ? textOf(text).replace(new RegExp(`^${set}+|${set}+$`, 'g'), '')
                              : textOf(text).trim();
        },
        ltrim(text, characters) {
            return characters ? textOf(text).replace(new RegExp(`^${setOf(characters)}+`), '')
                              : textOf(text).trimStart();
        },
        rtrim(text, characters) {
            return characters ? textOf(text).replace(new RegExp(`${setOf(characters)}+$`), '')
                              : textOf(text).trimEnd();
        },
        capitalize(text, lowerRest) {
            const whole = textOf(text);
            const rest = whole.slice(1);
            return whole.charAt(0).toUpperCase() + (lowerRest ? rest.toLowerCase() : rest);
        },
        stripTags(text) {
            return textOf(text)
                .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
                .replace(/<!--[\s\S]*?-->/g, '')
                .replace(/<\/?[^>]+>/g, '');
        },
        strLeft(text, separator) {
            const whole = textOf(text), sep = textOf(separator);
            return cutAt(whole, sep, whole.indexOf(sep), (at) => whole.slice(0, at));
        },
        strRight(text, separator) {
            const whole = textOf(text), sep = textOf(separator);
            return cutAt(whole, sep, whole.indexOf(sep), (at) => whole.slice(at + sep.length));
        },
        strRightBack(text, separator) {
            const whole = textOf(text), sep = textOf(separator);
            return cutAt(whole, sep, whole.lastIndexOf(sep), (at) => whole.slice(at + sep.length));
        },
        numberFormat(number, decimals, decimalPoint, thousands) {
            if (number === null || number === undefined || isNaN(number)) {
                return '';
            }
            const [whole, rest] = number.toFixed(~~decimals).split('.');
            const comma = typeof thousands === 'string' ? thousands : ',';
            return whole.replace(/(\d)(?=(?:\d{3})+$)/g, (digit) => digit + comma)
                + (rest ? (decimalPoint || '.') + rest : '');
        },
        /* A text that is longer already makes repeat() throw, as it does there. */
        pad(text, length, filler, side = 'right') {
            const whole = textOf(text);
            const missing = ~~length - whole.length;
            const fill = filler ? filler.charAt(0) : ' ';
            switch (side) {
            case 'right':
                return whole + fill.repeat(missing);
            case 'both':
                return fill.repeat(Math.ceil(missing / 2)) + whole
                    + fill.repeat(Math.floor(missing / 2));
            default:
                return fill.repeat(missing) + whole;
            }
        },
        lrpad(text, length, filler) {
            return s.pad(text, length, filler, 'both');
        },
    };

    /* --- fetch --- */

    const DEFAULT_TIMEOUT_MS = 20000;
    const begun = []; /* JSON of requests that the server has not been told of */
    const pending = new Map(); /* by number: what to do with the answer */
    let lastFetch = 0;

    function queryOf(params) {
        const pairs = [];
        for (const [name, value] of entries(params)) {
            for (const item of isArray(value) ? value : [value]) {
                pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(item)}`);
            }
        }
        return pairs.join('&');
    }

    function withQuery(url, params) {
        const query = params ? queryOf(params) : '';
        if (query === '') {
            return url;
        }
        const [address, ...hash] = url.split('#');
        const whole = `${address}${address.includes('?') ? '&' : '?'}${query}`;
        return hash.length > 0 ? `${whole}#${hash.join('#')}` : whole;
    }

    /* Pairs; of an object, a list of pairs, or a Map. */
    function headersOf(headers) {
        const pairs = [];
        if (headers) {
            const list = typeof headers[Symbol.iterator] === 'function' ? [...headers]
                                                                        : entries(headers);
            for (const [name, value] of list) {
                if (value !== undefined && value !== null) {
                    pairs.push([NativeString(name), NativeString(value)]);
                }
            }
        }
        return pairs;
    }

    function hasHeader(pairs, name) {
        return pairs.some((pair) => pair[0].toLowerCase() === name);
    }

    function isBytes(value) {
        return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
    }

    function bodyOf(method, body, headers) {
        if (body === undefined || body === null) {
            return undefined;
        }
        if (typeof body !== 'object') {
            return base64(NativeString(body));
        }
        if (isBytes(body)) {
            return base64(ArrayBuffer.isView(body)
                ? body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) : body);
        }
        if (['POST', 'PUT', 'DELETE', 'PATCH'].includes(method) &&
            !hasHeader(headers, 'content-type')) {
            headers.push(['Content-Type', 'application/json']);
        }
        return base64(stringify(body));
    }

    function begin(url, options, insecure, resolve, reject) {
        const method = NativeString(options.method || 'GET').toUpperCase();
        const headers = headersOf(options.headers);
        const body = bodyOf(method, options.body, headers);
        const timeout = options.timeout > 0 ? floor(options.timeout) : DEFAULT_TIMEOUT_MS;
        const id = ++lastFetch;
        push(begun, stringify({
            id, url: withQuery(NativeString(url), options.params), method, headers, body,
            timeout, insecure: Boolean(insecure),
        }));
        mapSet(pending, id, { resolve, reject });
    }

    function answerOf(answer) {
        const body = bytes(answer.body || '');
        const headers = answer.headers || [];
        hide(headers, 'get', (name) => {
            const wanted = lower(NativeString(name));
            const found = [];
            for (const pair of headers) {
                if (lower(pair[0]) === wanted) {
                    push(found, pair[1]);
                }
            }
            return found.length > 0 ? join(found, ', ') : null;
        });
        return {
            status: answer.status,
            ok: answer.status >= 200 && answer.status < 300,
            statusText: answer.statusText || '',
            url: answer.url || '',
            headers,
            async json() { return parse(utf8(body)); },
            async text() { return utf8(body); },
            async arrayBuffer() { return body.slice(0); },
        };
    }

    function fetch(url, options, allowSelfSigned) {
        return new NativePromise((resolve, reject) => {
            begin(url, options || {}, allowSelfSigned, resolve, reject);
        });
    }

    /* --- HTTP, as older scripts knew it; but the answer has to be awaited --- */

    function bodyOfCall(options) {
        if (options.data !== undefined) {
            return stringify(options.data);
        }
        return options.content;
    }

    function requestOfCall(method, url, options) {
        const headers = headersOf(options.headers);
        const query = options.query ? `${url.includes('?') ? '&' : '?'}${options.query}` : '';
        let body = bodyOfCall(options);
        let params = options.params;
        if (options.data !== undefined && !hasHeader(headers, 'content-type')) {
            headers.push(['Content-Type', 'application/json']);
        }
        if (options.auth && !hasHeader(headers, 'authorization')) {
            headers.push(['Authorization', `Basic ${base64(NativeString(options.auth))}`]);
        }
        if (params && body === undefined && method !== 'GET' && method !== 'HEAD') {
            headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
            body = queryOf(params);
            params = undefined;
        }
        return [url + query, { method, headers, body, params, timeout: options.timeout }];
    }

    async function resultOfCall(response) {
        const result = { statusCode: response.status, content: await response.text(), data: null,
                         headers: {} };
        for (const [name, value] of response.headers) {
            const key = lower(name);
            result.headers[key] = hasOwn(result.headers, key) ? `${result.headers[key]}, ${value}`
                                                             : value;
        }
        try {
            result.data = parse(result.content);
        } catch (e) {
            result.data = null;
        }
        return result;
    }

    async function callHttp(method, url, options) {
        try {
            const request = requestOfCall(NativeString(method).toUpperCase(), NativeString(url),
                                          options);
            const result = await resultOfCall(await fetch(...request));
            if (result.statusCode < 400) {
                return { result };
            }
            const error = new NativeError(`failed [${result.statusCode}] ${result.content}`);
            error.response = result;
            return { error };
        } catch (error) {
            return { error };
        }
    }

    function HTTP(method, url, options) {
        const promise = callHttp(method, url, options || {});
        const explain = () => {
            throw new TypeError('HTTP() answers later: make the method async and write "const ' +
                '{ result, error } = await HTTP(...)"');
        };
        for (const name of ['result', 'error']) {
            defineProperty(promise, name, { get: explain, configurable: true });
        }
        return promise;
    }

    /* --- _: what older scripts used most --- */

    const valuesOf = (list) => (list ? (isArray(list) ? list : Object.values(list)) : []);

    /* A function, the name of a member, or members that must be equal. */
    function iteratee(what) {
        if (typeof what === 'function') {
            return what;
        }
        if (what === undefined || what === null) {
            return (item) => item;
        }
        if (typeof what === 'object') {
            return (item) => keys(what).every((key) => item && item[key] === what[key]);
        }
        return (item) => (item === undefined || item === null ? undefined : item[what]);
    }

    const _ = {
        each(list, fn) { valuesOf(list).forEach(fn); return list; },
        map: (list, fn) => valuesOf(list).map((item, i) => iteratee(fn)(item, i, list)),
        filter: (list, fn) => valuesOf(list).filter((item, i) => iteratee(fn)(item, i, list)),
        reject: (list, fn) => valuesOf(list).filter((item, i) => !iteratee(fn)(item, i, list)),
        find: (list, fn) => valuesOf(list).find((item, i) => iteratee(fn)(item, i, list)),
        some: (list, fn) => valuesOf(list).some((item, i) => iteratee(fn)(item, i, list)),
        every: (list, fn) => valuesOf(list).every((item, i) => iteratee(fn)(item, i, list)),
        reduce: (list, ...rest) => valuesOf(list).reduce(...rest),
        contains: (list, item) => valuesOf(list).includes(item),
        pluck: (list, name) => valuesOf(list).map(iteratee(name)),
        where: (list, members) => valuesOf(list).filter(iteratee(members)),
        findWhere: (list, members) => valuesOf(list).find(iteratee(members)),
        sortBy(list, fn) {
            const key = iteratee(fn);
            return [...valuesOf(list)].sort((a, b) => {
                const x = key(a), y = key(b);
                return x < y ? -1 : x > y ? 1 : 0;
            });
        },
        groupBy(list, fn) {
            const groups = {};
            for (const item of valuesOf(list)) {
                const key = iteratee(fn)(item);
                (hasOwn(groups, key) ? groups[key] : (groups[key] = [])).push(item);
            }
            return groups;
        },
        uniq: (list) => [...new Set(valuesOf(list))],
        compact: (list) => valuesOf(list).filter(Boolean),
        flatten: (list) => valuesOf(list).flat(Infinity),
        first: (list, n) => (n === undefined ? valuesOf(list)[0] : valuesOf(list).slice(0, n)),
        last: (list, n) => (n === undefined ? valuesOf(list).at(-1) : valuesOf(list).slice(-n)),
        range(from, to, step = 1) {
            const [start, end] = to === undefined ? [0, from] : [from, to];
            const length = Math.max(Math.ceil((end - start) / step), 0);
            return Array.from({ length }, (unused, i) => start + i * step);
        },
        size: (list) => (list ? (typeof list === 'string' ? list.length : valuesOf(list).length) : 0),
        keys: (object) => (object ? keys(object) : []),
        values: (object) => valuesOf(object),
        pairs: (object) => (object ? entries(object) : []),
        extend: (object, ...others) => Object.assign(object, ...others),
        defaults(object, ...others) {
            for (const other of others) {
                for (const key of keys(other || {})) {
                    if (object[key] === undefined) {
                        object[key] = other[key];
                    }
                }
            }
            return object;
        },
        pick: (object, ...names) => Object.fromEntries(
            names.flat().filter((name) => name in object).map((name) => [name, object[name]])),
        omit: (object, ...names) => Object.fromEntries(
            entries(object).filter(([name]) => !names.flat().includes(name))),
        clone: (value) => (isArray(value) ? [...value]
                           : value && typeof value === 'object' ? { ...value } : value),
        has: (object, name) => object !== null && object !== undefined && hasOwn(object, name),
        isEmpty: (value) => !value || (typeof value === 'object' ? valuesOf(value).length === 0
                                                                  : value.length === 0),
        isArray,
        isObject: (value) => value !== null && ['object', 'function'].includes(typeof value),
        isString: (value) => typeof value === 'string',
        isNumber: (value) => typeof value === 'number',
        isFunction: (value) => typeof value === 'function',
        isUndefined: (value) => value === undefined,
        isNull: (value) => value === null,
        identity: (value) => value,
        escape: (text) => textOf(text).replace(/[&<>"'`]/g, (c) => `&#x${c.charCodeAt(0).toString(16)};`),
    };
    Object.assign(_, { forEach: _.each, collect: _.map, select: _.filter, detect: _.find, any: _.some,
                       all: _.every, include: _.contains, includes: _.contains, unique: _.uniq,
                       head: _.first, assign: _.extend });

    /* --- numbers and dates as en-US writes them, for there is no Intl --- */

    const SIGNS = { USD: '$', EUR: '\u20ac', GBP: '\u00a3', JPY: '\u00a5', INR: '\u20b9',
                    CNY: 'CN\u00a5', KRW: '\u20a9', BRL: 'R$', CAD: 'CA$', AUD: 'A$' };
    const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
                    'September', 'October', 'November', 'December'];
    const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

    function defaultDigits(style, currency) {
        if (style === 'currency') {
            return currency === 'JPY' || currency === 'KRW' ? [0, 0] : [2, 2];
        }
        return style === 'percent' ? [0, 0] : [0, 3];
    }

    function numberText(value, options) {
        const { style, minimumFractionDigits: min, maximumFractionDigits: max } = options;
        const currency = NativeString(options.currency || '').toUpperCase();
        const [low, high] = defaultDigits(style, currency);
        const least = min ?? Math.min(low, max ?? low);
        const most = max ?? Math.max(high, least);
        if (value !== value) {
            return 'NaN';
        }
        const scaled = Math.abs(style === 'percent' ? value * 100 : value);
        let [whole, rest = ''] = scaled === Infinity ? ['\u221e'] : scaled.toFixed(most).split('.');
        while (rest.length > least && rest.endsWith('0')) {
            rest = rest.slice(0, -1);
        }
        if (options.useGrouping !== false) {
            whole = whole.replace(/\d(?=(?:\d{3})+$)/g, '$&,');
        }
        const sign = value < 0 || Object.is(value, -0) ? '-' : '';
        const unit = style === 'currency' ? SIGNS[currency] || `${currency}\u00a0` : '';
        return `${sign}${unit}${whole}${rest ? `.${rest}` : ''}${style === 'percent' ? '%' : ''}`;
    }

    const two = (number) => NativeString(number).padStart(2, '0');

    /* The parts of a moment: of the server's zone, or of UTC. */
    function partsOf(date, zone) {
        if (zone !== undefined && !/^(UTC|GMT|Etc\/UTC|Etc\/GMT)$/i.test(zone)) {
            throw new RangeError(`Time zone "${zone}" is not known here: only UTC is`);
        }
        return zone === undefined
            ? [date.getFullYear(), date.getMonth(), date.getDate(), date.getDay(), date.getHours(),
               date.getMinutes(), date.getSeconds()]
            : [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCDay(),
               date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
    }

    const STYLES = {
        date: {
            full: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
            long: { year: 'numeric', month: 'long', day: 'numeric' },
            medium: { year: 'numeric', month: 'short', day: 'numeric' },
            short: { year: '2-digit', month: 'numeric', day: 'numeric' },
        },
        time: {
            full: { hour: 'numeric', minute: '2-digit', second: '2-digit' },
            long: { hour: 'numeric', minute: '2-digit', second: '2-digit' },
            medium: { hour: 'numeric', minute: '2-digit', second: '2-digit' },
            short: { hour: 'numeric', minute: '2-digit' },
        },
    };
    const DATE_FIELDS = ['weekday', 'year', 'month', 'day'];
    const TIME_FIELDS = ['hour', 'minute', 'second'];

    /* What is to be shown: as asked, or what this kind of text shows by itself. */
    function fieldsOf(options, date, time) {
        if (options.dateStyle || options.timeStyle) {
            return { ...STYLES.date[options.dateStyle], ...STYLES.time[options.timeStyle] };
        }
        const any = [...(date ? DATE_FIELDS : []), ...(time ? TIME_FIELDS : [])]
            .some((field) => options[field] !== undefined);
        if (any) {
            return options;
        }
        return { ...options,
                 ...(date && { year: 'numeric', month: 'numeric', day: 'numeric' }),
                 ...(time && { hour: 'numeric', minute: '2-digit', second: '2-digit' }) };
    }

    function nameOf(names, at, width) {
        const length = { short: 3, narrow: 1 }[width];
        return length ? names[at].slice(0, length) : names[at];
    }

    function dateText(fields, [year, month, day, weekday]) {
        const yearText = fields.year === '2-digit' ? two(year % 100) : NativeString(year);
        const dayText = fields.day === '2-digit' ? two(day) : NativeString(day);
        const parts = [];
        if (fields.weekday) {
            parts.push(nameOf(DAYS, weekday, fields.weekday));
        }
        if (['long', 'short', 'narrow'].includes(fields.month)) {
            const name = nameOf(MONTHS, month, fields.month);
            parts.push(fields.day ? `${name} ${dayText}` : name);
            if (fields.year) {
                return fields.day ? [...parts, yearText].join(', ')
                                  : `${parts.join(', ')} ${yearText}`;
            }
        } else {
            const numbers = [];
            if (fields.month) {
                numbers.push(fields.month === '2-digit' ? two(month + 1) : month + 1);
            }
            if (fields.day) {
                numbers.push(dayText);
            }
            if (fields.year) {
                numbers.push(yearText);
            }
            if (numbers.length > 0) {
                parts.push(numbers.join('/'));
            }
        }
        return parts.join(', ');
    }

    function timeText(fields, options, [, , , , hour, minute, second]) {
        const half = options.hour12 ?? !['h23', 'h24'].includes(options.hourCycle);
        const parts = [];
        if (fields.hour) {
            const shown = half ? hour % 12 || 12 : hour;
            parts.push(fields.hour === '2-digit' || !half ? two(shown) : shown);
        }
        if (fields.minute) {
            parts.push(fields.hour || fields.second ? two(minute) : minute);
        }
        if (fields.second) {
            parts.push(fields.minute ? two(second) : second);
        }
        return parts.join(':') + (fields.hour && half ? (hour < 12 ? ' AM' : ' PM') : '');
    }

    function momentText(moment, options, date, time) {
        if (isNaN(moment)) {
            return 'Invalid Date';
        }
        const parts = partsOf(moment, options.timeZone);
        const fields = fieldsOf(options, date, time);
        const texts = [dateText(fields, parts), timeText(fields, options, parts)];
        return texts.filter((text) => text !== '').join(', ');
    }

    hideAll(Number.prototype, {
        toLocaleString(locale, options) {
            return numberText(Number(this), options || {});
        },
    });
    hideAll(NativeDate.prototype, {
        toLocaleString(locale, options) {
            return momentText(this, options || {}, true, true);
        },
        toLocaleDateString(locale, options) {
            return momentText(this, options || {}, true, false);
        },
        toLocaleTimeString(locale, options) {
            return momentText(this, options || {}, false, true);
        },
    });

    /* --- the global object --- */

    hide(Math, 'random', () => random());
    hideAll(globalThis, { global: globalThis, Store, console, s, fetch, HTTP, _ });

    /* --- for the server --- */

    /* Moments travel as numbers; their paths tell where they are. */
    function revive(argument, dates) {
        for (const path of dates) {
            const last = path.length - 1;
            let holder = argument;
            for (let i = 0; i < last && holder !== null && typeof holder === 'object'; i++) {
                holder = hasOwn(holder, path[i]) ? holder[path[i]] : null;
            }
            if (holder !== null && typeof holder === 'object' && hasOwn(holder, path[last]) &&
                typeof holder[path[last]] === 'number') {
                holder[path[last]] = new NativeDate(holder[path[last]]);
            }
        }
    }

    /* A native promise of what a method returned, whatever has a `then`. */
    function awaited(value) {
        return typeof value.then === 'function' ? promiseResolve(value) : value;
    }

    function refuseKind(what, key) {
        refuse();
        throw new TypeError(`The result holds ${what}, which cannot be copied` +
                            (key === '' ? '' : ` (at "${key}")`));
    }

    function plainItem(key, item) {
        switch (typeof item) {
        case 'function':
            return refuseKind('a function', key);
        case 'symbol':
            return refuseKind('a symbol', NativeString(key));
        case 'bigint':
            return refuseKind('a BigInt', key);
        case 'object':
            return item !== null && isProxy(item) ? refuseKind('a proxy', key) : item;
        default:
            return item;
        }
    }

    function plain(value) {
        return stringify(value, plainItem);
    }

    function fetched(answer) {
        const waiting = mapGet(pending, answer.id);
        if (waiting === undefined) {
            return;
        }
        mapDelete(pending, answer.id);
        if (answer.ok) {
            waiting.resolve(answerOf(answer));
        } else {
            const error = new NativeError(answer.error);
            if (answer.code) {
                error.code = answer.code;
            }
            waiting.reject(error);
        }
    }

    function pendingCount() {
        return mapSize(pending);
    }

    function take() {
        const list = `[${join(begun, ',')}]`;
        begun.length = 0;
        return list === '[]' ? '' : list;
    }

    function forget() {
        begun.length = 0;
        mapClear(pending);
    }

    return [revive, awaited, plain, fetched, pendingCount, take, forget];
})
