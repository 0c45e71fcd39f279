/* What a script finds around it beside ECMAScript. The files of this folder, in the order of
 * tools/cmake/engine.cmake, are the body of one function with one parameter: `host`, the functions
 * of host.c. It runs once in a fresh engine, before any script, and returns the functions that
 * engine.c calls (server.js). All of it is strict.
 *
 * A script shares the engine with these files and may change every built-in. It would only harm
 * itself, for each integration has an engine of its own; but what is used after a script has run is
 * taken here at the start, so that a changed built-in does not make our answers odd.
 */
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
const { floor } = Math;

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
