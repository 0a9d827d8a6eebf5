/* log_levels.c - the levels that were set, and what follows from them for every place that logs.
 *
 * The places are in a section of their own (logger.h), so that all of them are known without registering: that is
 * also how it is known which loggers exist, before they have said anything.
 */
#include "base/log_levels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* The linker's bounds of the section; absent in a program that never logs. */
extern struct log_site __start_log_sites[] __attribute__((weak));
extern struct log_site __stop_log_sites[] __attribute__((weak));

#define SITES_N ((size_t)(__stop_log_sites - __start_log_sites))

/* config/log4j.properties of Kafka 3.9. */
static const struct {
	const char *name;
	enum log_level level;
	bool general; /* follows the level the program is started with */
} stock[] = {
	{ "kafka", LOG_INFO, true },
	{ "org.apache.kafka", LOG_INFO, true },
	{ "org.apache.zookeeper", LOG_INFO, true },
	{ "kafka.request.logger", LOG_WARN, false },
	{ "kafka.network.RequestChannel$", LOG_WARN, false },
	{ "org.apache.kafka.controller", LOG_INFO, false },
	{ "kafka.controller", LOG_TRACE, false },
	{ "kafka.log.LogCleaner", LOG_INFO, false },
	{ "state.change.logger", LOG_INFO, false },
	{ "kafka.authorizer.logger", LOG_INFO, false },
};

/* A name that has, or once had, a level of its own. Never removed: their number is bounded by the loggers'. */
struct own_level {
	char *name;
	enum log_level level;
	bool set;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards what follows and the writing of sites' levels */
static struct own_level *own;
static size_t own_n, own_cap;
static enum log_level root = LOG_INFO;
static bool silent;

static struct own_level *own_find(const char *name, size_t len)
{
	for (size_t i = 0; i < own_n; i++) {
		if (strlen(own[i].name) == len && memcmp(own[i].name, name, len) == 0)
			return &own[i];
	}
	return NULL;
}

static void own_put(const char *name, enum log_level level)
{
	struct own_level *o = own_find(name, strlen(name));

	if (!o) {
		own = grow_array(own, &own_cap, own_n + 1, sizeof(*own));
		o = &own[own_n++];
		o->name = xstrdup(name);
	}
	o->level = level;
	o->set = true;
}

static enum log_level level_of(const char *name)
{
	size_t len = strlen(name);

	while (len > 0 && strcmp(name, LOG_ROOT) != 0) {
		const struct own_level *o = own_find(name, len);

		if (o && o->set)
			return o->level;
		while (len > 0 && name[len - 1] != '.')
			len--;
		len -= len > 0; /* the dot */
	}
	return root;
}

static void tell_sites(void)
{
	for (size_t i = 0; i < SITES_N; i++) {
		enum log_level level = silent ? LOG_OFF : level_of(__start_log_sites[i].cls);

		/* relaxed: a line more or less around a change does no harm */
		atomic_store_explicit(&__start_log_sites[i].level, (int)level, memory_order_relaxed);
	}
}

static void reset(enum log_level level, bool files)
{
	silent = level == LOG_OFF;
	root = level;
	for (size_t i = 0; i < own_n; i++)
		own[i].set = false;
	for (size_t i = 0; i < ARRAY_LEN(stock); i++) {
		if (stock[i].general)
			own_put(stock[i].name, level);
		else
			own_put(stock[i].name, files ? stock[i].level : MAX(stock[i].level, level));
	}
	tell_sites();
}

void log_levels_reset(enum log_level level, bool files)
{
	(void)pthread_mutex_lock(&mutex);
	reset(level, files);
	(void)pthread_mutex_unlock(&mutex);
}

/* Before main: the levels of a program that never opens its log files. */
__attribute__((constructor)) static void begin(void)
{
	log_levels_reset(LOG_INFO, false);
}

static bool is_above(const char *name, const char *cls)
{
	size_t len = strlen(name);

	return strncmp(cls, name, len) == 0 && (cls[len] == '\0' || cls[len] == '.');
}

bool log_levels_exists(const char *name)
{
	if (strcmp(name, LOG_ROOT) == 0)
		return true;
	for (size_t i = 0; i < SITES_N && *name; i++) {
		if (is_above(name, __start_log_sites[i].cls))
			return true;
	}
	return false;
}

enum log_level log_levels_get(const char *name)
{
	enum log_level level;

	(void)pthread_mutex_lock(&mutex);
	level = silent ? LOG_OFF : level_of(name);
	(void)pthread_mutex_unlock(&mutex);
	return level;
}

bool log_levels_set(const char *name, enum log_level level)
{
	if (!log_levels_exists(name))
		return false;
	(void)pthread_mutex_lock(&mutex);
	if (strcmp(name, LOG_ROOT) == 0)
		root = level;
	else
		own_put(name, level);
	tell_sites();
	(void)pthread_mutex_unlock(&mutex);
	return true;
}

bool log_levels_unset(const char *name)
{
	struct own_level *o;

	if (!log_levels_exists(name) || strcmp(name, LOG_ROOT) == 0)
		return false;
	(void)pthread_mutex_lock(&mutex);
	o = own_find(name, strlen(name));
	if (o)
		o->set = false;
	tell_sites();
	(void)pthread_mutex_unlock(&mutex);
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct log_level_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct log_level_entry *log_levels_list(size_t *ret_n)
{
	struct log_level_entry *v;
	size_t n = 0, kept = 0;

	(void)pthread_mutex_lock(&mutex);
	v = xcalloc(SITES_N + own_n + 1, sizeof(*v));
	v[n++].name = LOG_ROOT;
	for (size_t i = 0; i < SITES_N; i++)
		v[n++].name = __start_log_sites[i].cls;
	for (size_t i = 0; i < own_n; i++) {
		if (own[i].set && log_levels_exists(own[i].name))
			v[n++].name = own[i].name;
	}
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcmp(v[i].name, v[kept - 1].name) == 0)
			continue;
		v[kept++] = (struct log_level_entry){ v[i].name, silent ? LOG_OFF : level_of(v[i].name) };
	}
	(void)pthread_mutex_unlock(&mutex);
	*ret_n = kept;
	return v;
}
