/* configs_scram.c - SCRAM credentials of users: through a broker, and as they are stored in ZooKeeper. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "security/scram_credential.h"
#include "tools/configs_priv.h"
#include "tools/report.h"

#define DESCRIBE_WAIT_MS 30000
#define ALTER_WAIT_MS	 60000
#define ITERATIONS	 "iterations="
#define PASSWORD	 "password="

typedef struct
	describe_user_scram_credentials_response_describe_user_scram_credentials_result user_result;

/* ---- describing ---- */

static void print_user(const user_result *u)
{
	char exception[96];
	struct str why = u->error_message;

	if (u->error_code) {
		if (why.len < 0)
			why = str_of(report_default_message(u->error_code));
		printf("Error retrieving SCRAM credential configs for user-principal '%.*s': "
		       "ExecutionException: %s: %.*s\n",
			STR_ARG(u->user),
			report_exception(u->error_code, exception, sizeof(exception)),
			STR_ARG(why));
		return;
	}
	printf("SCRAM credential configs for user-principal '%.*s' are ", STR_ARG(u->user));
	for (int32_t i = 0; i < u->credential_infos_n; i++)
		printf("%s%s=iterations=%d", i ? ", " : "",
			scram_mechanism_name(
				(enum scram_mechanism)u->credential_infos[i].mechanism),
			u->credential_infos[i].iterations);
	putchar('\n');
}

int configs_describe_scram(struct configs *c)
{
	struct describe_user_scram_credentials_request in;
	struct describe_user_scram_credentials_response out;
	int r;

	CODEC_INIT(describe_user_scram_credentials_request, &in);
	in.users_n = -1; /* all */
	if (c->names.n > 0) {
		in.users = CODEC_NEW(&c->arena, describe_user_scram_credentials_request_user_name,
			c->names.n);
		in.users_n = (int32_t)c->names.n;
	}
	for (size_t i = 0; i < c->names.n; i++)
		in.users[i].name = str_of(c->names.v[i]);
	configs_begin(c, "describeUserScramCredentials", DESCRIBE_WAIT_MS, 0);
	r = admin_call_broker(
		c->admin, ADMIN_ANY, API_DESCRIBE_USER_SCRAM_CREDENTIALS, &in, &c->arena, &out);
	if (r)
		return configs_fail_call(c, r);
	if (out.error_code)
		return configs_fail_code(c, out.error_code, out.error_message);
	for (int32_t i = 0; i < out.results_n; i++)
		if (out.results[i].error_code != KERR_RESOURCE_NOT_FOUND)
			print_user(&out.results[i]);
	return 0;
}

/* ---- "iterations=8192,password=secret" ---- */

/* SCRAM_SHA_256: the name of Java's constant, which some messages have. */
static const char *constant_name(const char *mechanism, char buf[32])
{
	snprintf(buf, 32, "%s", mechanism);
	for (char *at = buf; *at; at++)
		if (*at == '-')
			*at = '_';
	return buf;
}

static int refuse_text(struct configs *c, const struct property *p)
{
	char name[32];

	return configs_refuse(c, "Invalid credential property %s=%s", constant_name(p->key, name),
		p->value);
}

/* What is for a broker may have -1 iterations, which stand for the default. */
static int parse_credential(struct configs *c, const struct property *p, bool for_broker,
	int32_t *ret_iterations, const char **ret_password)
{
	const char *at = p->value;
	int64_t n = SCRAM_ITERATIONS_MIN;
	char name[32];

	if (strncmp(at, ITERATIONS, strlen(ITERATIONS)) == 0) {
		const char *digits = at + strlen(ITERATIONS), *end;

		end = digits + (for_broker && *digits == '-');
		end += strspn(end, "0123456789");
		if (*end != ',')
			return refuse_text(c, p);
		if (!str_to_i64((struct str){digits, (int32_t)(end - digits)}, INT32_MIN, INT32_MAX,
			    &n))
			return configs_refuse(
				c, "For input string: \"%.*s\"", (int)(end - digits), digits);
		if (for_broker && n == -1)
			n = SCRAM_ITERATIONS_MIN;
		at = end + 1;
	}
	/* The dot of Java's expression matches no line break. */
	if (strncmp(at, PASSWORD, strlen(PASSWORD)) != 0 || strpbrk(at, "\r\n"))
		return refuse_text(c, p);
	if (n < SCRAM_ITERATIONS_MIN)
		return configs_refuse(c,
			"Iterations %lld is less than the minimum %d required for %s", (long long)n,
			SCRAM_ITERATIONS_MIN,
			for_broker ? p->key : constant_name(p->key, name));
	*ret_iterations = (int32_t)n;
	*ret_password = at + strlen(PASSWORD);
	return 0;
}

/* ---- changing through a broker ---- */

typedef struct alter_user_scram_credentials_request_scram_credential_upsertion upsertion;

static int set_upsertion(struct configs *c, const struct property *p, upsertion *u)
{
	enum scram_mechanism m = scram_mechanism_find(p->key);
	char salt[SCRAM_SALT_MAX];
	uint8_t *salted = arena_alloc(&c->arena, SCRAM_HASH_MAX);
	const char *password;

	if (parse_credential(c, p, true, &u->iterations, &password))
		return -1;
	if (!*password)
		return configs_fail(c,
			"java.util.concurrent.ExecutionException: "
			"org.apache.kafka.common.errors.UnacceptableCredentialException: Password "
			"must not be empty");
	scram_salt(salt);
	if (scram_salted_password(m, password, strlen(password), (const uint8_t *)salt,
		    strlen(salt), u->iterations, salted))
		return configs_fail(c, "java.lang.IllegalArgumentException");
	u->name = str_of(c->names.v[0]);
	u->mechanism = (int8_t)m;
	u->salt.p = (const uint8_t *)arena_strdup(&c->arena, str_of(salt));
	u->salt.len = (int32_t)strlen(salt);
	u->salted_password = (struct bytes){salted, (int32_t)scram_hash_size(m)};
	return 0;
}

static int fill(struct configs *c, struct alter_user_scram_credentials_request *in)
{
	CODEC_INIT(alter_user_scram_credentials_request, in);
	in->deletions = CODEC_NEW(&c->arena,
		alter_user_scram_credentials_request_scram_credential_deletion, c->remove.n);
	in->deletions_n = (int32_t)c->remove.n;
	for (size_t i = 0; i < c->remove.n; i++) {
		in->deletions[i].name = str_of(c->names.v[0]);
		in->deletions[i].mechanism = (int8_t)scram_mechanism_find(c->remove.v[i]);
	}
	in->upsertions = CODEC_NEW(&c->arena,
		alter_user_scram_credentials_request_scram_credential_upsertion, c->add.n);
	in->upsertions_n = (int32_t)c->add.n;
	for (size_t i = 0; i < c->add.n; i++)
		if (set_upsertion(c, &c->add.v[i], &in->upsertions[i]))
			return -1;
	return 0;
}

int configs_alter_scram(struct configs *c)
{
	struct alter_user_scram_credentials_request in;
	struct alter_user_scram_credentials_response out;
	int code, r;

	if (fill(c, &in))
		return -1;
	configs_begin(c, "alterUserScramCredentials", ALTER_WAIT_MS, 0);
	do {
		r = admin_call_broker(c->admin, ADMIN_CONTROLLER, API_ALTER_USER_SCRAM_CREDENTIALS,
			&in, &c->arena, &out);
		if (r)
			return configs_fail_call(c, r);
		code = out.results_n > 0 ? out.results[0].error_code : 0;
	} while (admin_again(c->admin, code));
	return code ? configs_fail_code(c, code, out.results[0].error_message) : 0;
}

/* ---- for ZooKeeper ---- */

int configs_encode_scram(struct configs *c)
{
	for (enum scram_mechanism m = SCRAM_SHA_256; m <= SCRAM_SHA_512; m++) {
		struct property p = {.key = (char *)(uintptr_t)scram_mechanism_name(m)};
		uint8_t salted[SCRAM_HASH_MAX];
		char salt[SCRAM_SALT_MAX], *text;
		const char *password;
		int32_t iterations;

		p.value = (char *)(uintptr_t)properties_get(&c->add, p.key);
		if (!p.value)
			continue;
		if (parse_credential(c, &p, false, &iterations, &password))
			return -1;
		scram_salt(salt);
		if (scram_salted_password(m, password, strlen(password), (const uint8_t *)salt,
			    strlen(salt), iterations, salted))
			return configs_fail(c, "java.lang.IllegalArgumentException");
		text = scram_credential_text(
			m, (const uint8_t *)salt, strlen(salt), salted, iterations);
		OPENSSL_cleanse(salted, sizeof(salted));
		properties_set(&c->add, p.key, text, 0);
		free(text);
	}
	return 0;
}
