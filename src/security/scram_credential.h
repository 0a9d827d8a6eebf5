/* scram_credential.h - what is stored of a SCRAM password (RFC 5802, zookeeper.md 5.9).
 *
 * Pure. Thread: any.
 */
#ifndef SECURITY_SCRAM_CREDENTIAL_H
#define SECURITY_SCRAM_CREDENTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* The numbers of the protocol (DescribeUserScramCredentials). */
enum scram_mechanism { SCRAM_UNKNOWN, SCRAM_SHA_256, SCRAM_SHA_512 };

#define SCRAM_ITERATIONS_MIN 4096
#define SCRAM_HASH_MAX	     64
#define SCRAM_SALT_MAX	     27 /* of scram_salt, with the NUL */

const char *scram_mechanism_name(enum scram_mechanism m);	 /* "SCRAM-SHA-256"; "UNKNOWN" */
enum scram_mechanism scram_mechanism_find(const char *name); /* SCRAM_UNKNOWN: there is no such */
size_t scram_hash_size(enum scram_mechanism m);

/* A new salt: 130 random bits as a number to the base 36. Returns buf. */
char *scram_salt(char buf[SCRAM_SALT_MAX]);

/* Hi(password, salt, iterations): scram_hash_size(m) bytes. 0, or -EINVAL. */
int scram_salted_password(enum scram_mechanism m, const char *password, size_t len,
	const uint8_t *salt, size_t salt_len, int32_t iterations,
	uint8_t ret[SCRAM_HASH_MAX]) MUST_CHECK;

/* "salt=...,stored_key=...,server_key=...,iterations=4096": owned text. */
char *scram_credential_text(enum scram_mechanism m, const uint8_t *salt, size_t salt_len,
	const uint8_t salted[SCRAM_HASH_MAX], int32_t iterations);

#endif
