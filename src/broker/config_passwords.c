/* config_passwords.c - see config_passwords.h. */
#define LOG_CLASS "kafka.server.DynamicBrokerConfig"

#include "broker/config_passwords.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/logger.h"
#include "broker/config_priv.h"
#include "security/password_encoder.h"
#include "protocol/errors.h"

bool config_is_password(const char *name)
{
	size_t len = strlen(name);

	for (int id = 0; id < CFG_COUNT; id++) {
		const struct config_key *k = &config_keys[id];
		size_t n = strlen(k->name);

		if (k->type == CONFIG_PASSWORD && k->dynamic != CONFIG_READ_ONLY && n <= len &&
			!strcmp(name + len - n, k->name))
			return true;
	}
	return false;
}

static struct password_encoder encoder_of(const struct config *c)
{
	return (struct password_encoder){
		.secret = config_text(c, CFG_PASSWORD_ENCODER_SECRET),
		.key_factory = config_text(c, CFG_PASSWORD_ENCODER_KEYFACTORY_ALGORITHM),
		.cipher = config_text(c, CFG_PASSWORD_ENCODER_CIPHER_ALGORITHM),
		.key_length = config_int(c, CFG_PASSWORD_ENCODER_KEY_LENGTH),
		.iterations = config_int(c, CFG_PASSWORD_ENCODER_ITERATIONS),
	};
}

int config_passwords_check(const struct config *c, char *why, size_t size)
{
	const struct password_encoder e = encoder_of(c);

	return password_encoder_check(&e, why, size);
}

void config_passwords_decode(const struct config *c, struct properties *p)
{
	const char *secret = config_text(c, CFG_PASSWORD_ENCODER_SECRET);

	for (size_t i = p->n; i-- > 0;) {
		const char *name = p->v[i].key;
		char *plain = NULL;

		if (!config_is_password(name))
			continue;
		if (secret && password_decode(secret, p->v[i].value, &plain) == 0) {
			properties_set(p, name, plain, 0);
			free(plain);
			continue;
		}
		log_error("Dynamic password config %s could not be decoded, ignoring. (%s)", name,
			secret ? "password.encoder.secret is another one, or the value is damaged"
			       : "password.encoder.secret is not set");
		properties_remove(p, name);
	}
}

int config_passwords_encode(
	const struct config *c, struct properties *p, bool per_broker, char why[CONFIG_ERROR_MAX])
{
	const struct password_encoder e = encoder_of(c);

	for (size_t i = 0; i < p->n; i++) {
		const char *problem = NULL;
		char *encoded = NULL;

		if (!config_is_password(p->v[i].key))
			continue;
		if (!per_broker)
			problem = "Password config can be defined only at broker level";
		else if (!e.secret)
			problem = "Password encoder secret not configured";
		else if (password_encode(&e, p->v[i].value, &encoded))
			problem = "Password could not be encoded";
		if (problem) {
			snprintf(why, CONFIG_ERROR_MAX, "%s", problem);
			return KERR_INVALID_CONFIG;
		}
		properties_set(p, p->v[i].key, encoded, 0);
		free(encoded);
	}
	return 0;
}

bool config_passwords_renew(const struct config *c, struct properties *p)
{
	const char *old = config_text(c, CFG_PASSWORD_ENCODER_OLD_SECRET);
	const struct password_encoder e = encoder_of(c);
	bool renewed = false;

	for (size_t i = 0; i < p->n && old && e.secret; i++) {
		char *plain, *encoded;

		if (!config_is_password(p->v[i].key) || password_decode(old, p->v[i].value, &plain))
			continue; /* it was encoded with the new one at an earlier start */
		if (password_encode(&e, plain, &encoded) == 0) {
			log_info("Dynamic password config %s is encoded anew with password.encoder.secret",
				p->v[i].key);
			properties_set(p, p->v[i].key, encoded, 0);
			free(encoded);
			renewed = true;
		}
		free(plain);
	}
	return renewed;
}
