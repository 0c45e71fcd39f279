/* Numbers and dates as en-US writes them, for there is no Intl. */
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
