/* uuid.c - Kafka's ids (org.apache.kafka.common.Uuid, 3.9). */
#include "base/uuid.h"

#include <string.h>

#include "base/random.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The reserved ids (all high bits zero) are excluded by the version bits. */
struct uuid uuid_random(void)
{
	struct uuid u;

	do {
		random_bytes(u.b, sizeof(u.b));
		u.b[6] = (uint8_t)((u.b[6] & 0x0F) | 0x40);
		u.b[8] = (uint8_t)((u.b[8] & 0x3F) | 0x80);
	} while (digits[u.b[0] >> 2] == '-'); /* would look like an option on a command line */
	return u;
}

bool uuid_is_zero(struct uuid u)
{
	return uuid_eq(u, UUID_ZERO);
}

bool uuid_eq(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}

/* The six bits at position `bit`, zeros after the end. */
static unsigned six_bits(const struct uuid *u, unsigned bit)
{
	unsigned at = bit / 8;
	unsigned two = (unsigned)u->b[at] << 8 | (at + 1 < sizeof(u->b) ? u->b[at + 1] : 0u);

	return two >> (10 - bit % 8) & 0x3F;
}

char *uuid_text(struct uuid u, char *buf)
{
	for (unsigned i = 0; i < UUID_TEXT_LEN; i++)
		buf[i] = digits[six_bits(&u, i * 6)];
	buf[UUID_TEXT_LEN] = '\0';
	return buf;
}

bool uuid_parse(struct str s, struct uuid *ret)
{
	struct uuid u = UUID_ZERO;
	unsigned acc = 0, have = 0;
	size_t n = 0;

	/* Java's decoder accepts padding, and does not look at the four bits left over. */
	if (s.len == UUID_TEXT_LEN + 2 && memcmp(s.p + UUID_TEXT_LEN, "==", 2) == 0)
		s.len = UUID_TEXT_LEN;
	if (s.len != UUID_TEXT_LEN)
		return false;
	for (int i = 0; i < UUID_TEXT_LEN; i++) {
		const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;

		if (!d)
			return false;
		acc = acc << 6 | (unsigned)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			u.b[n++] = (uint8_t)(acc >> have);
		}
	}
	*ret = u;
	return true;
}
