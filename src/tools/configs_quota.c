/* configs_quota.c - quotas of users, clients and ips, through a broker. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "broker/config_def.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/configs_priv.h"
#include "tools/java_map.h"

#define DESCRIBE_WAIT_MS 30000
#define ALTER_WAIT_MS	 60000

enum { MATCH_EXACT, MATCH_DEFAULT, MATCH_ANY };

typedef struct describe_client_quotas_response_entry_data entry;
typedef struct describe_client_quotas_response_entity_data entity_part;

/* What the tool calls an entity, the protocol, and the output; in the order of the output. */
static const struct {
	const char *tool, *wire, *shown;
} kinds[] = {
	{ENTITY_USERS, "user", "user-principal"},
	{ENTITY_CLIENTS, "client-id", "client-id"},
	{ENTITY_IPS, "ip", "ip"},
};

bool configs_is_quota_key(const char *key)
{
	static const char *const keys[] = {"producer_byte_rate", "consumer_byte_rate",
		"request_percentage", "controller_mutation_rate"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static const char *wire_kind(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].tool, type) == 0)
			return kinds[i].wire;
	return type;
}

/* ---- describing ---- */

static int fetch(struct configs *c, struct describe_client_quotas_response *ret)
{
	struct describe_client_quotas_request in;
	int r;

	if (c->names.n > c->types.n)
		return configs_refuse(c, "More entity names specified than entity types");
	CODEC_INIT(describe_client_quotas_request, &in);
	in.components = CODEC_NEW(
		&c->arena, describe_client_quotas_request_component_data, c->types.n);
	in.components_n = (int32_t)c->types.n;
	in.strict = true;
	for (size_t i = 0; i < c->types.n; i++) {
		const char *name = i < c->names.n ? c->names.v[i] : NULL;

		in.components[i].entity_type = str_of(wire_kind(c->types.v[i]));
		in.components[i].match_type =
			!name ? MATCH_ANY : *name ? MATCH_EXACT : MATCH_DEFAULT;
		in.components[i].match = name && *name ? str_of(name) : STR_NULL;
	}
	configs_begin(c, "describeClientQuotas", DESCRIBE_WAIT_MS, 0);
	r = admin_call_broker(
		c->admin, ADMIN_ANY, API_DESCRIBE_CLIENT_QUOTAS, &in, &c->arena, ret);
	if (r)
		return configs_fail_call(c, r);
	return ret->error_code ? configs_fail_code(c, ret->error_code, ret->error_message) : 0;
}

/* ClientQuotaEntity.hashCode */
static int32_t entity_hash(const entry *e)
{
	uint32_t sum = 31;

	for (int32_t i = 0; i < e->entity_n; i++)
		sum += (uint32_t)str_java_hash(e->entity[i].entity_type) ^
		       (e->entity[i].entity_name.len < 0
				       ? 0
				       : (uint32_t)str_java_hash(e->entity[i].entity_name));
	return (int32_t)sum;
}

static const entity_part *find_part(const entry *e, const char *kind)
{
	for (int32_t i = 0; i < e->entity_n; i++)
		if (str_is(e->entity[i].entity_type, kind))
			return &e->entity[i];
	return NULL;
}

static void print_entity(const entry *e)
{
	const char *comma = "";

	printf("Quota configs for ");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const entity_part *p = find_part(e, kinds[i].wire);

		if (!p)
			continue;
		if (p->entity_name.len < 0)
			printf("%sthe default %s", comma, kinds[i].shown);
		else
			printf("%s%s '%.*s'", comma, kinds[i].shown, STR_ARG(p->entity_name));
		comma = ", ";
	}
}

static void print_values(const entry *e)
{
	size_t n = (size_t)MAX(e->values_n, 0);
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	size_t *order;
	char number[40];

	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(e->values[i].key);
	order = java_map_order(hashes, n, n);
	for (size_t i = 0; i < n; i++)
		printf("%s%.*s=%s", i ? ", " : "", STR_ARG(e->values[order[i]].key),
			java_double(e->values[order[i]].value, number, sizeof(number)));
	free(order);
	free(hashes);
}

int configs_describe_quotas(struct configs *c)
{
	struct describe_client_quotas_response out;
	int32_t *hashes;
	size_t n, *order;

	if (fetch(c, &out))
		return -1;
	n = (size_t)MAX(out.entries_n, 0);
	hashes = xcalloc(n + 1, sizeof(*hashes));
	for (size_t i = 0; i < n; i++)
		hashes[i] = entity_hash(&out.entries[i]);
	order = java_map_order(hashes, n, n);
	for (size_t i = 0; i < n; i++) {
		print_entity(&out.entries[order[i]]);
		printf(" are ");
		print_values(&out.entries[order[i]]);
		putchar('\n');
	}
	free(order);
	free(hashes);
	return 0;
}

/* ---- changing ---- */

static int parse_rate(struct configs *c, const struct property *p, double *ret)
{
	static const struct config_key number = {.name = "quota", .type = CONFIG_DOUBLE};
	struct config_value v;
	char why[256];

	if (config_value_parse(&number, p->value, &v, why, sizeof(why)))
		return configs_refuse(c, "Cannot parse quota configuration value for %s: %s",
			p->key, p->value);
	*ret = v.d;
	config_value_fini(&number, &v);
	return 0;
}

/* Only what is set can be taken back. */
static int check_removed(struct configs *c)
{
	struct describe_client_quotas_response out;
	struct properties have = PROPERTIES_INIT;
	int r;

	if (c->types.n != c->names.n)
		return configs_refuse(
			c, "Exactly one entity name must be specified for every entity type");
	if (fetch(c, &out))
		return -1;
	for (int32_t i = 0; out.entries_n > 0 && i < out.entries[0].values_n; i++) {
		CLEANUP(freep) char *key = str_dup(out.entries[0].values[i].key);

		properties_set(&have, key, "", 0);
	}
	r = configs_check_removed(c, &have);
	properties_fini(&have);
	return r;
}

static int set_ops(struct configs *c, struct alter_client_quotas_request_entry_data *e)
{
	size_t n = c->add.n + c->remove.n;

	e->ops = CODEC_NEW(&c->arena, alter_client_quotas_request_op_data, n);
	e->ops_n = (int32_t)n;
	for (size_t i = 0; i < c->add.n; i++) {
		e->ops[i].key = str_of(c->add.v[i].key);
		if (parse_rate(c, &c->add.v[i], &e->ops[i].value))
			return -1;
	}
	for (size_t i = 0; i < c->remove.n; i++) {
		e->ops[c->add.n + i].key = str_of(c->remove.v[i]);
		e->ops[c->add.n + i].remove = true;
	}
	return 0;
}

static void set_entity(struct configs *c, struct alter_client_quotas_request_entry_data *e)
{
	e->entity = CODEC_NEW(&c->arena, alter_client_quotas_request_entity_data, c->types.n);
	e->entity_n = (int32_t)c->types.n;
	for (size_t i = 0; i < c->types.n; i++) {
		e->entity[i].entity_type = str_of(wire_kind(c->types.v[i]));
		e->entity[i].entity_name = *c->names.v[i] ? str_of(c->names.v[i]) : STR_NULL;
	}
}

int configs_alter_quotas(struct configs *c)
{
	struct alter_client_quotas_request_entry_data e;
	struct alter_client_quotas_request in;
	struct alter_client_quotas_response out;
	int r;

	if (check_removed(c))
		return -1;
	CODEC_INIT(alter_client_quotas_request_entry_data, &e);
	set_entity(c, &e);
	if (set_ops(c, &e))
		return -1;
	CODEC_INIT(alter_client_quotas_request, &in);
	in.entries = &e;
	in.entries_n = 1;
	configs_begin(c, "alterClientQuotas", ALTER_WAIT_MS, 0);
	r = admin_call_broker(c->admin, ADMIN_ANY, API_ALTER_CLIENT_QUOTAS, &in, &c->arena, &out);
	if (r)
		return configs_fail_call(c, r);
	if (out.entries_n > 0 && out.entries[0].error_code)
		return configs_fail_code(
			c, out.entries[0].error_code, out.entries[0].error_message);
	return 0;
}
