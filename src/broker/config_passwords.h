/* config_passwords.h - the passwords in a broker's dynamic entries: plain in memory, encoded in ZooKeeper
 * (DynamicBrokerConfig.fromPersistentProps, toPersistentProps and maybeReEncodePasswords of 3.9).
 *
 * Thread: any. `c` gives password.encoder.*, which are static.
 */
#ifndef BROKER_CONFIG_PASSWORDS_H
#define BROKER_CONFIG_PASSWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "broker/config.h"

/* Does a value of this name have to be encoded? Whatever ends with the name of a dynamic password. */
bool config_is_password(const char *name);

/* Can passwords be encoded with these settings? Also when there is no secret. 0 | -EINVAL with what is wrong. */
int config_passwords_check(const struct config *c, char *why, size_t size) MUST_CHECK;

/* Decodes a stored set in place. What cannot be decoded is removed, with an error line for each. */
void config_passwords_decode(const struct config *c, struct properties *p);

/* Encodes in place what is to be stored. 0 | KERR_INVALID_CONFIG with Kafka's message. */
int config_passwords_encode(const struct config *c, struct properties *p, bool per_broker,
	char why[CONFIG_ERROR_MAX]) MUST_CHECK;

/* With password.encoder.old.secret: encodes anew what the old secret decodes. True: the set has to be stored. */
bool config_passwords_renew(const struct config *c, struct properties *p);

#endif
