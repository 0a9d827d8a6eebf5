/* deserializer.c - the deserializers of Kafka's client library whose objects have a useful toString(). */
#include "tools/deserializer.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config_def.h"

#define PACKAGE "org.apache.kafka.common.serialization."
#define SERIALIZATION "org.apache.kafka.common.errors.SerializationException: "

static int print_bytes(const uint8_t *p, size_t n, FILE *out)
{
	fwrite(p, 1, n, out);
	return 0;
}

/* Bytes.toString(): what is not printable ASCII as \xHH. */
static int print_escaped(const uint8_t *p, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\')
			fputs("\\\\", out);
		else if (p[i] >= ' ' && p[i] <= '~')
			putc(p[i], out);
		else
			fprintf(out, "\\x%02X", p[i]);
	}
	return 0;
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static int print_short(const uint8_t *p, size_t n, FILE *out)
{
	if (n != 2)
		return -EINVAL;
	fprintf(out, "%d", (int16_t)big_endian(p, n));
	return 0;
}

static int print_int(const uint8_t *p, size_t n, FILE *out)
{
	if (n != 4)
		return -EINVAL;
	fprintf(out, "%" PRId32, (int32_t)big_endian(p, n));
	return 0;
}

static int print_long(const uint8_t *p, size_t n, FILE *out)
{
	if (n != 8)
		return -EINVAL;
	fprintf(out, "%" PRId64, (int64_t)big_endian(p, n));
	return 0;
}

static int print_double(const uint8_t *p, size_t n, FILE *out)
{
	uint64_t bits;
	double d;
	char buf[64];

	if (n != 8)
		return -EINVAL;
	bits = big_endian(p, n);
	memcpy(&d, &bits, sizeof(d));
	fputs(java_double(d, buf, sizeof(buf)), out);
	return 0;
}

/* The shortest digits that give the same float; as a double they print the same way. */
static int print_float(const uint8_t *p, size_t n, FILE *out)
{
	uint32_t bits;
	float f;
	char digits[32] = "", buf[64];

	if (n != 4)
		return -EINVAL;
	bits = (uint32_t)big_endian(p, n);
	memcpy(&f, &bits, sizeof(f));
	for (int precision = 1; precision <= 9; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, (double)f);
		if (memcmp(&(float){strtof(digits, NULL)}, &f, sizeof(f)) == 0)
			break;
	}
	fputs(java_double(strtod(digits, NULL), buf, sizeof(buf)), out);
	return 0;
}

static int print_boolean(const uint8_t *p, size_t n, FILE *out)
{
	if (n != 1 || p[0] > 1)
		return -EINVAL;
	fputs(p[0] ? "true" : "false", out);
	return 0;
}

/* UUIDDeserializer reads text, UUID.toString writes it in lower case. */
static int print_uuid(const uint8_t *p, size_t n, FILE *out)
{
	if (n != 36)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? p[i] != '-' : !isxdigit(p[i]))
			return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		putc(tolower(p[i]), out);
	return 0;
}

static int print_void(const uint8_t *p, size_t n, FILE *out)
{
	(void)p;
	(void)n;
	(void)out;
	return -EINVAL;
}

static const struct deserializer deserializers[] = {
	{"StringDeserializer", print_bytes, NULL},
	{"ByteArrayDeserializer", print_bytes, NULL}, /* Java would print the address of an array */
	{"BytesDeserializer", print_escaped, NULL},
	{"ShortDeserializer", print_short,
		SERIALIZATION "Size of data received by ShortDeserializer is not 2"},
	{"IntegerDeserializer", print_int,
		SERIALIZATION "Size of data received by IntegerDeserializer is not 4"},
	{"LongDeserializer", print_long,
		SERIALIZATION "Size of data received by LongDeserializer is not 8"},
	{"DoubleDeserializer", print_double,
		SERIALIZATION "Size of data received by Deserializer is not 8"},
	{"FloatDeserializer", print_float,
		SERIALIZATION "Size of data received by Deserializer is not 4"},
	{"BooleanDeserializer", print_boolean,
		SERIALIZATION "Size of data received by BooleanDeserializer is not 1"},
	{"UUIDDeserializer", print_uuid, SERIALIZATION "Error parsing data into UUID"},
	{"VoidDeserializer", print_void,
		"java.lang.IllegalArgumentException: Data should be null for a VoidDeserializer."},
};

const struct deserializer *deserializer_find(const char *class)
{
	if (strncmp(class, PACKAGE, strlen(PACKAGE)) != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(deserializers); i++)
		if (strcmp(class + strlen(PACKAGE), deserializers[i].class) == 0)
			return &deserializers[i];
	return NULL;
}
