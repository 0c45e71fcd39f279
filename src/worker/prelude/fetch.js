/* fetch: asking other servers. The server does it, while the call waits. */
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
