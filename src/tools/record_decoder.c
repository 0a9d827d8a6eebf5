/* record_decoder.c - plain keys and values, and the way to the decoders of Kafka's own topics. */
#include "tools/record_decoder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/codec.h"
#include "tools/java_exception.h"
#include "tools/message_json.h"
#include "tools/record_decoder_priv.h"

#define PACKAGE "org.apache.kafka.tools.api."
#define OLD_PACKAGE "kafka.serializer."

/* Writes the bytes of a key or value; false when there are too few. */
typedef bool plain_fn(struct bytes b, FILE *out);

struct record_decoder {
	record_decode_fn *decode; /* NULL: the two below */
	plain_fn *key, *value;
	struct decoding d;
	char *key_text, *value_text;
	size_t key_size, value_size;
};

static bool plain_string(struct bytes b, FILE *out)
{
	message_json_plain(b.p, (size_t)b.len, out);
	return true;
}

static bool plain_int(struct bytes b, FILE *out)
{
	struct cursor c = cur_of(b.p, (size_t)b.len);

	fprintf(out, "%" PRId32, cur_i32(&c));
	return !c.bad;
}

static bool plain_long(struct bytes b, FILE *out)
{
	struct cursor c = cur_of(b.p, (size_t)b.len);

	fprintf(out, "%" PRId64, cur_i64(&c));
	return !c.bad;
}

/* Java would print the address of an array. */
static bool plain_bytes(struct bytes b, FILE *out)
{
	fwrite(b.p, 1, (size_t)b.len, out);
	return true;
}

static const struct {
	const char *name;
	plain_fn *write;
} classes[] = {
	{"StringDecoder", plain_string},
	{"IntegerDecoder", plain_int},
	{"LongDecoder", plain_long},
	{"DefaultDecoder", plain_bytes},
};

static plain_fn *find_class(const char *name)
{
	bool old = strncmp(name, OLD_PACKAGE, strlen(OLD_PACKAGE)) == 0;
	size_t skip = strlen(old ? OLD_PACKAGE : PACKAGE);

	if (!old && strncmp(name, PACKAGE, skip) != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (strcmp(name + skip, classes[i].name) != 0)
			continue;
		if (old)
			printf("%s is deprecated. Please use " PACKAGE "%s instead\n", name,
				classes[i].name);
		return classes[i].write;
	}
	return NULL;
}

static record_decode_fn *const contents[] = {
	[RECORD_CONTENT_PLAIN] = NULL,
	[RECORD_CONTENT_OFFSETS] = decode_offsets,
	[RECORD_CONTENT_TRANSACTIONS] = decode_transactions,
	[RECORD_CONTENT_CLUSTER_METADATA] = decode_cluster_metadata,
	[RECORD_CONTENT_REMOTE_LOG] = decode_remote_log,
};

static plain_fn *need_class(const char *name)
{
	plain_fn *fn = find_class(name);

	if (!fn)
		(void)java_exception("java.lang.ClassNotFoundException", "%s", name);
	return fn;
}

int record_decoder_new(enum record_content content, const char *value_class, const char *key_class,
	struct record_decoder **ret)
{
	CLEANUP(record_decoder_freep) struct record_decoder *d = xcalloc(1, sizeof(*d));

	d->decode = contents[content];
	if (content == RECORD_CONTENT_PLAIN) {
		d->value = need_class(value_class);
		d->key = d->value ? need_class(key_class) : NULL;
		if (!d->key)
			return 1;
	}
	d->d.key = open_memstream(&d->key_text, &d->key_size);
	d->d.value = open_memstream(&d->value_text, &d->value_size);
	if (!d->d.key || !d->d.value)
		abort();
	*ret = TAKE(d);
	return 0;
}

struct record_decoder *record_decoder_free(struct record_decoder *d)
{
	if (!d)
		return NULL;
	if (d->d.key)
		fclose(d->d.key);
	if (d->d.value)
		fclose(d->d.value);
	free(d->key_text);
	free(d->value_text);
	free(d);
	return NULL;
}

static int decode_plain(const struct record_decoder *d, const struct record *r, struct decoding *out)
{
	out->has_key = r->key.len >= 0;
	out->has_value = r->value.len >= 0;
	if ((out->has_key && !d->key(r->key, out->key)) ||
		(out->has_value && !d->value(r->value, out->value)))
		return java_exception("java.nio.BufferUnderflowException", NULL);
	return 0;
}

int record_decoder_run(struct record_decoder *d, const struct record *r, struct decoded *ret)
{
	int exit_code;

	rewind(d->d.key);
	rewind(d->d.value);
	d->d.has_key = d->d.has_value = false;
	exit_code = d->decode ? d->decode(r, &d->d) : decode_plain(d, r, &d->d);
	if (fflush(d->d.key) || fflush(d->d.value))
		return java_exception("java.lang.OutOfMemoryError", "Java heap space");
	*ret = (struct decoded){d->d.has_key, d->d.has_value, d->key_text, d->value_text, d->key_size,
		d->value_size};
	return exit_code;
}

static bool has_structs(const struct schema *s)
{
	for (uint16_t i = 0; i < s->n; i++)
		if (s->fields[i].type == FIELD_struct)
			return true;
	return false;
}

int decode_message(const struct schema *s, int version, struct cursor *c, struct arena *a, void *out)
{
	/* Only nested structs look at their version. */
	if (version < s->first || version >= VERSION_LAST || (version > s->last && has_structs(s)))
		return -EBADMSG;
	return codec_decode(s, version, c, a, out);
}
