/* s: helpers for texts, with the results that scripts know from the reference. */
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
