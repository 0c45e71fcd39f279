/* What older scripts used: HTTP, whose answer has to be awaited now, and the best known of _. */
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
    escape: (text) => textOf(text)
        .replace(/[&<>"'`]/g, (c) => `&#x${c.charCodeAt(0).toString(16)};`),
};
Object.assign(_, { forEach: _.each, collect: _.map, select: _.filter, detect: _.find, any: _.some,
                   all: _.every, include: _.contains, includes: _.contains, unique: _.uniq,
                   head: _.first, assign: _.extend });
