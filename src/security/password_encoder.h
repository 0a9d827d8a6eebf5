/* password_encoder.h - passwords as brokers keep them in ZooKeeper: encrypted with a key made of
 * password.encoder.secret, as "name:value" pairs that say how (zookeeper.md 5.9).
 *
 * Pure, but for random salts. Thread: any.
 */
#ifndef SECURITY_PASSWORD_ENCODER_H
#define SECURITY_PASSWORD_ENCODER_H

#include <stdint.h>

#include "base/attr.h"

#define PASSWORD_CIPHER_DEFAULT	    "AES/CBC/PKCS5Padding"
#define PASSWORD_KEY_BITS_DEFAULT   128
#define PASSWORD_ITERATIONS_DEFAULT 4096
#define PASSWORD_WHY_MAX	    256

struct password_encoding {
	const char *cipher; /* in Java's notation: AES in the modes CBC, CFB, CTR, GCM and OFB */
	int32_t key_bits, iterations;
};

/* Encrypts; `ret` is owned by the caller.
 *   0
 *   -EINVAL   the numbers make no sense; `why` is Java's message
 *   -ENOTSUP  no such cipher, or not with such a key; `why` is the line of Java's exception     */
int password_encode(const char *secret, const char *password, const struct password_encoding *e,
	char **ret, char why[PASSWORD_WHY_MAX]) MUST_CHECK;

/* Decrypts with the parameters in the text; `ret` is owned by the caller. 0, or -EINVAL: not such a text, or another
 * secret. */
int password_decode(const char *secret, const char *text, char **ret) MUST_CHECK;

#endif
