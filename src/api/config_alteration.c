/* config_alteration.c - the checks of ConfigAdminManager.preprocess, then config_service.alter. */
#include "api/config_alteration.h"

#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "protocol/errors.h"

static int compare_alterations(const void *pa, const void *pb)
{
	const struct config_alteration *a = *(const struct config_alteration *const *)pa;
	const struct config_alteration *b = *(const struct config_alteration *const *)pb;

	return a->type != b->type ? a->type - b->type : str_cmp(a->name, b->name);
}

static int compare_names(const void *pa, const void *pb)
{
	return str_cmp(*(const struct str *)pa, *(const struct str *)pb);
}

static void refuse(struct config_alteration *a, struct str message)
{
	a->error_code = KERR_INVALID_REQUEST;
	a->error_message = message;
}

/* Marks every entry of a resource that appears more than once. False when the arena is full. */
static bool refuse_repeated(struct request *req, struct config_alteration *v, int32_t n)
{
	struct config_alteration **sorted = arena_array(&req->arena, (size_t)n, sizeof(struct config_alteration *));
	int32_t i;

	if (!sorted)
		return false;
	for (i = 0; i < n; i++)
		sorted[i] = &v[i];
	qsort(sorted, (size_t)n, sizeof(struct config_alteration *), compare_alterations);
	for (i = 1; i < n; i++) {
		if (compare_alterations(&sorted[i - 1], &sorted[i]))
			continue;
		refuse(sorted[i - 1], STR("Each resource must appear at most once."));
		refuse(sorted[i], STR("Each resource must appear at most once."));
	}
	return true;
}

/* KERR_INVALID_REQUEST when a key appears twice, 0, -ENOMEM. */
static int check_keys(struct request *req, struct config_alteration *a)
{
	struct str *names = arena_array(&req->arena, (size_t)a->changes_n, sizeof(struct str));
	int32_t i;

	if (!names)
		return -ENOMEM;
	for (i = 0; i < a->changes_n; i++)
		names[i] = a->changes[i].name;
	qsort(names, (size_t)a->changes_n, sizeof(struct str), compare_names);
	for (i = 1; i < a->changes_n; i++) {
		if (!str_eq(names[i - 1], names[i]))
			continue;
		refuse(a, STR("Error due to duplicate config keys"));
		return KERR_INVALID_REQUEST;
	}
	return 0;
}

static bool has_null(const struct config_alteration *a, bool incremental)
{
	int32_t i;

	for (i = 0; i < a->changes_n; i++) {
		if (a->changes[i].value.len < 0 && !(incremental && a->changes[i].op == CONFIG_OP_DELETE))
			return true;
	}
	return false;
}

static void alter_one(struct request *req, struct config_alteration *a, bool incremental, bool validate_only)
{
	const struct config_service *s = req->ctx->configs;
	int r = check_keys(req, a);

	if (r == KERR_INVALID_REQUEST)
		return;
	if (!r && has_null(a, incremental)) {
		refuse(a, STR("Null value not supported for configs"));
		return;
	}
	if (!r)
		r = s->alter(s->arg, &req->arena, a->type, a->name, a->changes, a->changes_n, incremental,
		    validate_only, &a->error_message);
	a->error_code = kerr_of(r);
	if (!r)
		a->error_message = STR_NULL;
}

void config_alterations_run(struct request *req, struct config_alteration *v, int32_t n, bool incremental,
    bool validate_only)
{
	int32_t i;

	for (i = 0; i < n; i++)
		v[i].error_message = STR_NULL;
	if (!refuse_repeated(req, v, n)) {
		for (i = 0; i < n; i++)
			v[i].error_code = kerr_of(-ENOMEM);
		return;
	}
	for (i = 0; i < n; i++) {
		if (!v[i].error_code)
			alter_one(req, &v[i], incremental, validate_only);
	}
}
