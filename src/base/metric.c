/* Where the numbers are, and how they are printed.
 *
 * A thread's numbers lie in a slab that it alone writes, so adding is a load and a store. A slab
 * whose thread has ended keeps its numbers and goes to the next new thread. Which places of a slab
 * belong to which metric is laid out once, from the table.
 *
 * Any thread; `registry.lock` is a leaf and is taken when a thread counts for the first time, when
 * it ends, and for printing.
 */
#include "base/metric.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "base/metric_table.h"

enum { VALUES = 2048, LABELS_BYTES = 256 };

struct slab {
    struct slab *next;
    bool used; /* by a thread that lives; guarded by the registry's lock */
    _Atomic int64_t values[VALUES];
};

static struct {
    pthread_mutex_t lock; /* leaf; guards slabs and the families */
    struct slab *slabs;
    struct str families[METRIC_FAMILIES_MAX];
    unsigned family_count;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    pthread_once_t once;
    pthread_key_t key;            /* gives a thread's slab back when it ends */
    unsigned first[METRIC_COUNT]; /* the metric's first place */
    unsigned width[METRIC_COUNT]; /* places of one label */
} layout = {.once = PTHREAD_ONCE_INIT};

static _Atomic int64_t levels[VALUES]; /* by metric_set() */
static _Thread_local struct slab *mine;

/* --- the layout --- */

static unsigned words_of(const char *words)
{
    unsigned count = 0;
    struct str rest = str_of(words), word;
    if (words == NULL)
        return METRIC_FAMILIES_MAX;
    while (str_split(&rest, ' ', &word))
        count++;
    return count;
}

static unsigned labels_of(const struct metric_row *row)
{
    unsigned count = 1;
    for (size_t i = 0; i < 2 && row->labels[i].name != NULL; i++)
        count *= words_of(row->labels[i].words);
    return count;
}

static unsigned bounds_of(const struct metric_row *row)
{
    unsigned count = 0;
    while (row->bounds[count] != 0)
        count++;
    return count;
}

/* A histogram's places: one for each bound, one for what lies above all, and the sum. */
static unsigned width_of(const struct metric_row *row)
{
    return row->kind == METRIC_HISTOGRAM ? bounds_of(row) + 2 : 1;
}

static void give_back(void *slab)
{
    pthread_mutex_lock(&registry.lock);
    ((struct slab *)slab)->used = false;
    pthread_mutex_unlock(&registry.lock);
}

static void lay_out(void)
{
    unsigned next = 0;
    for (size_t m = 0; m < METRIC_COUNT; m++) {
        layout.first[m] = next;
        layout.width[m] = width_of(&metric_rows[m]);
        next += labels_of(&metric_rows[m]) * layout.width[m];
    }
    assert(next <= VALUES);
    int failed = pthread_key_create(&layout.key, give_back);
    assert(!failed);
}

/* --- adding --- */

/* Under the lock. */
static struct slab *free_slab(void)
{
    struct slab *slab = registry.slabs;
    while (slab != NULL && slab->used)
        slab = slab->next;
    if (slab != NULL)
        return slab;
    slab = mem_zalloc(sizeof(*slab));
    slab->next = registry.slabs;
    registry.slabs = slab;
    return slab;
}

static struct slab *take_slab(void)
{
    (void)pthread_once(&layout.once, lay_out);
    pthread_mutex_lock(&registry.lock);
    mine = free_slab();
    mine->used = true;
    pthread_mutex_unlock(&registry.lock);
    (void)pthread_setspecific(layout.key, mine);
    return mine;
}

static inline struct slab *my_slab(void)
{
    return mine != NULL ? mine : take_slab();
}

static inline void add(struct slab *slab, unsigned place, int64_t n)
{
    _Atomic int64_t *value = &slab->values[place];
    int64_t now = atomic_load_explicit(value, memory_order_relaxed);
    atomic_store_explicit(value, now + n, memory_order_relaxed);
}

void metric_add(enum metric m, unsigned label, int64_t n)
{
    struct slab *slab = my_slab();
    add(slab, layout.first[m] + label, n);
}

void metric_observe(enum metric m, unsigned label, int64_t value)
{
    struct slab *slab = my_slab();
    const int64_t *bounds = metric_rows[m].bounds;
    unsigned first = layout.first[m] + label * layout.width[m], bucket = 0;
    while (bounds[bucket] != 0 && value > bounds[bucket])
        bucket++;
    add(slab, first + bucket, 1);
    add(slab, first + layout.width[m] - 1, value);
}

void metric_set(enum metric m, unsigned label, int64_t value)
{
    (void)my_slab(); /* the layout is known */
    atomic_store_explicit(&levels[layout.first[m] + label], value, memory_order_relaxed);
}

unsigned metric_word(enum metric m, struct str wanted)
{
    struct str rest = str_of(metric_rows[m].labels[0].words), word;
    unsigned at = 0;
    while (str_split(&rest, ' ', &word) && !str_eq(word, wanted))
        at++;
    unsigned last = labels_of(&metric_rows[m]) - 1;
    return at < last ? at : last;
}

unsigned metric_family(struct str name)
{
    pthread_mutex_lock(&registry.lock);
    unsigned at = 0;
    while (at < registry.family_count && !str_eq(registry.families[at], name))
        at++;
    if (at == METRIC_FAMILIES_MAX)
        at--;
    else if (at == registry.family_count)
        registry.families[registry.family_count++] = name;
    pthread_mutex_unlock(&registry.lock);
    return at;
}

/* --- printing --- */

/* All that follows runs under the lock. */

static int64_t value_at(unsigned place)
{
    int64_t sum = atomic_load_explicit(&levels[place], memory_order_relaxed);
    for (const struct slab *slab = registry.slabs; slab != NULL; slab = slab->next)
        sum += atomic_load_explicit(&slab->values[place], memory_order_relaxed);
    return sum;
}

static struct str word_at(const char *words, unsigned at)
{
    struct str rest = str_of(words), word = STR("");
    for (unsigned i = 0; i <= at; i++)
        (void)str_split(&rest, ' ', &word);
    return word;
}

static struct str label_value(const char *words, unsigned at)
{
    return words == NULL ? registry.families[at] : word_at(words, at);
}

/* family="chat",class="2xx" */
static void put_labels(struct buf *out, const struct metric_row *row, unsigned label)
{
    unsigned inner = row->labels[1].name != NULL ? words_of(row->labels[1].words) : 1;
    assert(inner > 0);
    unsigned places[2] = {label / inner, label % inner};
    for (size_t i = 0; i < 2 && row->labels[i].name != NULL; i++) {
        struct str value = label_value(row->labels[i].words, places[i]);
        buf_addf(out, "%s%s=\"%.*s\"", i > 0 ? "," : "", row->labels[i].name, STR_FMT(value));
    }
}

static void put_value(struct buf *out, const struct metric_row *row, int64_t value)
{
    if (row->scale == 0)
        buf_addf(out, " %lld\n", (long long)value);
    else
        buf_addf(out, " %.15g\n", (double)value * row->scale);
}

static void put_sample(struct buf *out, const struct metric_row *row, const char *suffix,
                       struct str labels, int64_t value)
{
    buf_addf(out, "%s%s", row->name, suffix);
    if (!str_empty(labels))
        buf_addf(out, "{%.*s}", STR_FMT(labels));
    put_value(out, row, value);
}

static void put_bucket(struct buf *out, const struct metric_row *row, struct str labels,
                       int64_t bound, int64_t count)
{
    buf_addf(out, "%s_bucket{%.*s%sle=\"", row->name, STR_FMT(labels), labels.len > 0 ? "," : "");
    if (bound == 0)
        buf_lit(out, "+Inf");
    else
        buf_addf(out, "%.15g", (double)bound * (row->scale == 0 ? 1 : row->scale));
    buf_addf(out, "\"} %lld\n", (long long)count);
}

static void put_histogram(struct buf *out, const struct metric_row *row, struct str labels,
                          unsigned first)
{
    unsigned bounds = bounds_of(row);
    int64_t count = 0;
    for (unsigned i = 0; i <= bounds; i++) {
        count += value_at(first + i);
        put_bucket(out, row, labels, row->bounds[i], count);
    }
    put_sample(out, row, "_sum", labels, value_at(first + bounds + 1));
    buf_addf(out, "%s_count", row->name);
    if (!str_empty(labels))
        buf_addf(out, "{%.*s}", STR_FMT(labels));
    buf_addf(out, " %lld\n", (long long)count);
}

static bool was_counted(unsigned first, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        if (value_at(first + i) != 0)
            return true;
    }
    return false;
}

static void put_metric(struct buf *out, enum metric m)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    const struct metric_row *row = &metric_rows[m];
    bool by_family = row->labels[0].name != NULL && row->labels[0].words == NULL;
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
             kinds[row->kind]);
    for (unsigned label = 0; label < labels_of(row); label++) {
        unsigned first = layout.first[m] + label * layout.width[m];
        if (by_family && !was_counted(first, layout.width[m]))
            continue;
        BUF(labels, LABELS_BYTES);
        put_labels(&labels, row, label);
        if (row->kind == METRIC_HISTOGRAM)
            put_histogram(out, row, buf_str(&labels), first);
        else
            put_sample(out, row, "", buf_str(&labels), value_at(first));
    }
}

void metric_print(struct buf *out)
{
    (void)my_slab();
    pthread_mutex_lock(&registry.lock);
    for (size_t m = 0; m < METRIC_COUNT; m++)
        put_metric(out, (enum metric)m);
    pthread_mutex_unlock(&registry.lock);
}
