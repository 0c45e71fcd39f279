/* The global object, and what the server calls; the list at the end is in enum hook's order. */
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
