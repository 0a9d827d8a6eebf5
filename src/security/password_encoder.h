/* password_encoder.h - passwords of dynamic configurations as they are stored in ZooKeeper (EncryptingPasswordEncoder.java
 * of 3.9, KIP-226; zookeeper.md 5.9): encrypted with a key derived from password.encoder.secret.
 *
 * A stored password names the algorithms and parameters it was made with, and is read with those. What Java's providers
 * know beyond AES, DESede and DES, and beyond PBKDF2 with HMAC, is not known here.
 *
 * Pure but for random numbers. Thread: any.
 */
#ifndef SECURITY_PASSWORD_ENCODER_H
#define SECURITY_PASSWORD_ENCODER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* What password.encoder.* say; strings are borrowed. */
struct password_encoder {
	const char *secret;
	const char *key_factory; /* "PBKDF2WithHmacSHA512"; NULL is that */
	const char *cipher;	 /* "AES/CBC/PKCS5Padding" */
	int32_t key_length;	 /* bits */
	int32_t iterations;
};

/* Can passwords be encoded so? 0 | -EINVAL with what is wrong. */
int password_encoder_check(const struct password_encoder *e, char *why, size_t size) MUST_CHECK;

/* 0: *ret is owned by the caller | -EINVAL: not usable, or the password is no UTF-8 */
int password_encode(const struct password_encoder *e, const char *password, char **ret) MUST_CHECK;
/* 0: *ret is owned by the caller | -EBADMSG: no encoded password, another secret, or unknown algorithms */
int password_decode(const char *secret, const char *encoded, char **ret) MUST_CHECK;

#endif
